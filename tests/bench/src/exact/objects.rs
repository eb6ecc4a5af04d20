//! The part of the process that a function belongs to.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::profile::{Function, Profile};

/// The parts of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Envoy,
    /// Envoy's memory allocator, which is in a separate section of the same file.
    Allocator,
    /// Code that V8 compiled from modules and the stubs around it, or a native module.
    Module,
    /// libc and libm.
    Libraries,
}

impl Part {
    pub(crate) const ALL: [Self; 4] = [Self::Envoy, Self::Allocator, Self::Module, Self::Libraries];

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Envoy => "Envoy",
            Self::Allocator => "its allocator",
            Self::Module => "module",
            Self::Libraries => "libc",
        }
    }
}

/// The start of the native module's file name. Its version follows: the name without one is a link.
const NATIVE_MODULE: &str = "/libnovasphere_gateway_";

/// The addresses of Envoy's code in memory.
pub(crate) struct Objects {
    /// The file.
    envoy: String,
    /// Its executable mappings.
    mapped: Vec<(u64, u64)>,
}

impl Objects {
    /// # Errors
    /// If the process has ended.
    pub(crate) fn of(pid: u32) -> Result<Self> {
        let envoy = novasphere_harness::paths::envoy()?.canonicalize()?.display().to_string();
        let maps = fs::read_to_string(format!("/proc/{pid}/maps"))?;
        let lines = maps.lines().filter(|line| line.ends_with(&envoy) && line.contains(" r-xp "));
        let mapped: Option<Vec<_>> = lines.map(range).collect();
        let mapped = mapped.context("the format of /proc/<pid>/maps")?;
        ensure!(!mapped.is_empty(), "{envoy} is not mapped");
        Ok(Self { envoy, mapped })
    }

    pub(crate) fn part(&self, function: &Function) -> Part {
        if function.object == "???" {
            // Valgrind knows a file's section .text only.
            let address = function.name.strip_prefix("0x").unwrap_or_default();
            let address = u64::from_str_radix(address, 16).unwrap_or_default();
            let is_inside = |(start, end): &(u64, u64)| (*start..*end).contains(&address);
            return if self.mapped.iter().any(is_inside) { Part::Allocator } else { Part::Module };
        }
        match function.object.as_str() {
            object if object == self.envoy => Part::Envoy,
            object if object.contains(NATIVE_MODULE) => Part::Module,
            _ => Part::Libraries,
        }
    }

    /// The instructions of each part, in the order of [`Part::ALL`].
    pub(crate) fn split(&self, profile: &Profile) -> [u64; 4] {
        Part::ALL.map(|part| {
            let own = profile.own.iter().filter(|(function, _)| self.part(function) == part);
            own.map(|(_, instructions)| instructions).sum()
        })
    }
}

/// The range of a line of `/proc/<pid>/maps`: `02186000-062ec000 r-xp …`.
fn range(line: &str) -> Option<(u64, u64)> {
    let (start, end) = line.split_once(' ')?.0.split_once('-')?;
    Some((u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_module_is_not_a_library() {
        let objects = Objects { envoy: "/venv/envoy".to_owned(), mapped: vec![(0x1000, 0x2000)] };
        for (object, name, part) in [
            ("/venv/envoy", "main", Part::Envoy),
            ("???", "0x0000000000001800", Part::Allocator),
            ("???", "0x0000000000002800", Part::Module),
            ("/dist/native/x86_64/libnovasphere_gateway_0_1_0.so", "decide", Part::Module),
            ("/usr/lib/x86_64-linux-gnu/libc.so.6", "memcpy", Part::Libraries),
        ] {
            let function = Function { object: object.to_owned(), name: name.to_owned() };
            assert_eq!(objects.part(&function), part, "{object} {name}");
        }
    }
}
