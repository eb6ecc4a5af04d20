//! What a proxy uses: memory, descriptors, threads, timers and shared keys.

use std::{fmt, fs, path::PathBuf};

use anyhow::{Context, Result};

/// Memory in bytes, and numbers of descriptors and threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The linear memories of all VMs. 0 without a VM.
    pub(crate) vms: u64,
    /// The resident set.
    pub(crate) resident: u64,
    pub(crate) descriptors: u64,
    pub(crate) threads: u64,
    /// The filters' pending timers. 0 in Envoy, which does not show them.
    pub(crate) timers: u64,
    /// The keys in the shared data. 0 in Envoy, which does not show them.
    pub(crate) shared_keys: u64,
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { vms, resident, descriptors, threads, timers, shared_keys } = self;
        let (vms, resident) = (vms >> 10, resident >> 10);
        write!(f, "{vms} | {resident} | {descriptors} | {threads} | {timers} | {shared_keys}")
    }
}

/// V8 reserves a guard region behind each linear memory that catches every 32-bit access. It is larger
/// than this. Other mappings are smaller.
const GUARD: u64 = 2 << 30;

impl Usage {
    /// # Errors
    /// If there is no `/proc`.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let maps = fs::read_to_string(proc.join("maps"))?;
        let statm = fs::read_to_string(proc.join("statm"))?;
        let pages: u64 = statm.split(' ').nth(1).context("no resident set")?.parse()?;
        let count =
            |name| -> Result<u64> { Ok(u64::try_from(fs::read_dir(proc.join(name))?.count())?) };
        Ok(Self {
            vms: linear_memories(&maps).unwrap_or(0),
            resident: pages.saturating_mul(4096),
            descriptors: count("fd")?,
            threads: count("task")?,
            timers: 0,
            shared_keys: 0,
        })
    }
}

/// The writable mapping in front of a guard region.
fn linear_memories(maps: &str) -> Option<u64> {
    let mut before: Option<(u64, u64)> = None;
    let mut sum = None;
    for (start, end, access) in maps.lines().filter_map(mapping) {
        if let (Some((from, to)), "---p") = (before, access)
            && to == start
            && end - start >= GUARD
        {
            sum = Some(sum.unwrap_or(0) + (to - from));
        }
        before = (access == "rw-p").then_some((start, end));
    }
    sum
}

fn mapping(line: &str) -> Option<(u64, u64, &str)> {
    let mut fields = line.split(' ');
    let (start, end) = fields.next()?.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(start)?, number(end)?, fields.next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_linear_memory_in_front_of_guard() {
        let maps = "\
100000000000-100000170000 rw-p 00000000 00:00 0
100000170000-100200000000 ---p 00000000 00:00 0
100200000000-100200001000 rw-p 00000000 00:00 0
100200001000-100200002000 ---p 00000000 00:00 0
100300000000-100300001000 rw-p 00000000 00:00 0
100400000000-100600000000 ---p 00000000 00:00 0
";
        assert_eq!(linear_memories(maps), Some(0x17_0000));
        assert_eq!(linear_memories(""), None);
    }
}
