//! Limits how many proxies start at once. Starting one takes a core for up to a second, so a test
//! run that starts many at once makes all of them miss their deadlines.

use std::{
    fs::{self, File, TryLockError},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result};

use crate::paths::repository;

/// Limits proxies of all test processes together.
const MAX_STARTING: usize = 2;

/// The interval between two attempts to get a slot.
const INTERVAL: Duration = Duration::from_millis(20);

/// Permission to start one proxy. Hold it until the proxy is ready.
#[derive(Debug)]
pub struct StartSlot {
    /// The lock ends when the file is closed, even if the process is killed.
    _locked: File,
}

impl StartSlot {
    /// Waits for a free slot. Never acquire a second slot while holding one.
    ///
    /// # Errors
    /// Fails if the lock files in `target/` cannot be created or locked.
    pub fn acquire() -> Result<Self> {
        loop {
            for index in 0..MAX_STARTING {
                if let Some(locked) = try_lock(index)? {
                    return Ok(Self { _locked: locked });
                }
            }
            sleep(INTERVAL);
        }
    }
}

fn try_lock(index: usize) -> Result<Option<File>> {
    let dir = repository().join("target");
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let path = dir.join(format!("proxy-start-{index}.lock"));
    let file = File::options().create(true).write(true).truncate(false).open(&path);
    let file = file.with_context(|| path.display().to_string())?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
    };

    use super::*;

    #[test]
    fn at_most_two_threads_hold_a_slot() {
        static HOLDERS: AtomicUsize = AtomicUsize::new(0);
        let start = || {
            let _slot = StartSlot::acquire().unwrap();
            let holders = HOLDERS.fetch_add(1, Ordering::SeqCst) + 1;
            sleep(Duration::from_millis(30));
            HOLDERS.fetch_sub(1, Ordering::SeqCst);
            holders
        };
        let threads: Vec<_> = (0..8).map(|_| thread::spawn(start)).collect();
        let most = threads.into_iter().map(|thread| thread.join().unwrap()).max();
        assert!(most <= Some(MAX_STARTING), "{most:?}");
    }
}
