//! A program and its child processes as one group that receives signals together.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

/// A running group. It is killed when dropped, in any state.
#[derive(Debug)]
pub(super) struct Group {
    leader: Child,
    log: PathBuf,
}

impl Group {
    /// Starts a program. Its output is appended to the file `log`.
    pub(super) fn spawn(command: &mut Command, log: &Path) -> Result<Self> {
        // Append, because nginx opens the same file again and must not overwrite it.
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
    /// If it has ended, with its log.
    pub(super) fn ensure_alive(&mut self) -> Result<()> {
        if let Some(status) = self.leader.try_wait()? {
            let log = fs::read(&self.log)?;
            bail!("it exited with {status}; its log:\n{}", String::from_utf8_lossy(&log));
        }
        Ok(())
    }

    /// Sends a signal, for example `STOP`, to all processes.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        send(name, &format!("-{}", self.leader.id()))
    }

    /// Sends a signal to the program only.
    pub(super) fn signal_leader(&self, name: &str) -> Result<()> {
        send(name, &self.leader.id().to_string())
    }

    /// Kills all processes and waits until the program has ended.
    pub(super) fn kill(&mut self) -> Result<()> {
        if self.leader.try_wait()?.is_none() {
            self.signal("KILL")?;
            self.leader.wait()?;
        }
        Ok(())
    }
}

fn send(signal: &str, target: &str) -> Result<()> {
    // The shell's built-in exists on every machine.
    let status =
        Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", signal, target]).status()?;
    ensure!(status.success(), "cannot send {signal}");
    Ok(())
}

impl Drop for Group {
    fn drop(&mut self) {
        // Fails only if the process has already ended.
        let _ = self.kill();
    }
}
