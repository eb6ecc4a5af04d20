//! The child process and its files.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use tempfile::TempDir;

use super::{
    HotRestart,
    launch::{File, Launch},
    telling,
};
use crate::paths;

/// A process. Dropping it kills it and removes its files.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) child: Child,
    dir: TempDir,
    hot_restart: Option<HotRestart>,
}

impl Process {
    pub(super) fn spawn(file: &File<'_>, launch: &Launch<'_>) -> Result<Self> {
        let program = paths::envoy()?;
        let dir = tempfile::Builder::new().prefix("novasphere-envoy-").tempdir()?;
        let config = dir.path().join(file.name);
        fs::write(&config, file.text)?;
        let log = fs::File::create(dir.path().join("log"))?;
        let mut command = match launch.under {
            [] => Command::new(&program),
            [under, arguments @ ..] => {
                let mut command = Command::new(under);
                command.args(arguments).arg(&program);
                command
            }
        };
        command
            .args(series(launch.hot_restart))
            .args(["--mode", launch.mode])
            .args(["--concurrency", &launch.concurrency.to_string(), "-l", &launch.logging.level])
            .args(["--file-flush-interval-msec", "100"])
            .args(launch.arguments)
            .arg("-c")
            .arg(&config)
            .arg("--admin-address-path")
            .arg(dir.path().join("admin"))
            .env("ENVOY_DYNAMIC_MODULES_SEARCH_PATH", paths::repository().join("dist"))
            .envs(launch.environment)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        if let Some(components) = &launch.logging.components {
            command.args(["--component-log-level", components]);
        }
        let child = command
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(Self { child, dir, hot_restart: launch.hot_restart })
    }

    /// Fails with the log if the process has exited.
    pub(super) fn alive(&mut self) -> Result<&Self> {
        if let Some(status) = self.child.try_wait()? {
            bail!("Envoy exited with {status}; log:\n{}", telling(&self.log()?));
        }
        Ok(self)
    }

    pub(super) fn admin_address(&self) -> Result<Option<SocketAddr>> {
        match fs::read_to_string(self.file("admin")) {
            Ok(text) if !text.is_empty() => {
                let addr = text.trim().parse()?;
                ensure!(addr != SocketAddr::from(([127, 0, 0, 1], 0)), "no admin port");
                Ok(Some(addr))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn log(&self) -> Result<String> {
        let log = fs::read(self.file("log"))?;
        Ok(String::from_utf8_lossy(&log).into_owned())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the process has already exited.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(HotRestart { base_id, .. }) = self.hot_restart {
            // Envoy does not remove its shared memory. Another process of the series may have.
            let _ = fs::remove_file(format!("/dev/shm/envoy_shared_memory_{base_id}0"));
        }
    }
}

/// The arguments that tell Envoy its series of hot restarts.
fn series(hot_restart: Option<HotRestart>) -> Vec<String> {
    let Some(HotRestart { base_id, epoch }) = hot_restart else {
        return ["--use-dynamic-base-id", "--disable-hot-restart"].map(str::to_owned).to_vec();
    };
    let (base_id, epoch) = (base_id.to_string(), epoch.to_string());
    vec!["--base-id".to_owned(), base_id, "--restart-epoch".to_owned(), epoch]
}
