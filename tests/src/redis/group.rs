//! A program and the processes it starts, as one: signals reach them all.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// A running group. It is killed when dropped, whatever state it is in.
#[derive(Debug)]
pub(super) struct Group {
    leader: Child,
    log: PathBuf,
}

impl Group {
    /// Starts a program. What it says is added to the file `log`.
    pub(super) fn spawn(command: &mut Command, log: &Path) -> Result<Self> {
        // Added: nginx opens the same file once more, and neither may overwrite the other.
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        let leader = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(File::try_clone(&file)?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot run {:?}", command.get_program()))?;
        Ok(Self { leader, log: log.to_path_buf() })
    }

    /// # Errors
    /// When it has ended, with its log.
    pub(super) fn ensure_alive(&mut self) -> Result<()> {
        if let Some(status) = self.leader.try_wait()? {
            let log = fs::read(&self.log)?;
            bail!("it ended with {status}; its log:\n{}", String::from_utf8_lossy(&log));
        }
        Ok(())
    }

    /// Sends all of them a signal: `STOP`.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        send(name, &format!("-{}", self.leader.id()))
    }

    /// Sends a signal to the program itself.
    pub(super) fn signal_leader(&self, name: &str) -> Result<()> {
        send(name, &self.leader.id().to_string())
    }

    /// Kills them and waits until the program has ended.
    pub(super) fn kill(&mut self) -> Result<()> {
        if self.leader.try_wait()?.is_none() {
            self.signal("KILL")?;
            self.leader.wait()?;
        }
        Ok(())
    }
}

fn send(signal: &str, target: &str) -> Result<()> {
    // The shell's own: there is one on every machine.
    let status =
        Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", signal, target]).status()?;
    ensure!(status.success(), "cannot send {signal}");
    Ok(())
}

impl Drop for Group {
    fn drop(&mut self) {
        // It fails only when it has already ended.
        let _ = self.kill();
    }
}
