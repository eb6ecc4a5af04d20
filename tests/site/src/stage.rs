//! The programs, files and servers that the commands of the pages use. The commands name the usual ports,
//! hosts and folders: a script in front of Envoy replaces them in its configuration, and the settings of
//! curl lead to the same servers. A script takes the place of systemd.

use std::{
    fmt::Write,
    fs,
    net::{SocketAddr, TcpStream},
    os::unix::{fs::symlink, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{
    loopback::free_address,
    paths::{self, repository},
    wait::until,
};
use tempfile::TempDir;

/// The hosts of the identity providers.
const ISSUERS: [&str; 8] = [
    "id.example.com",
    "example.eu.auth0.com",
    "login.microsoftonline.com",
    "cognito-idp.eu-central-1.amazonaws.com",
    "example.auth.eu-central-1.amazoncognito.com",
    "www.googleapis.com",
    "oauth2.googleapis.com",
    "identitytoolkit.googleapis.com",
];

/// The addresses of one page's servers.
struct Addresses {
    gateway: SocketAddr,
    admin: SocketAddr,
    /// The same for a second replica.
    second: SocketAddr,
    second_admin: SocketAddr,
    api: SocketAddr,
    issuer: SocketAddr,
    /// The front end of Redis.
    redis: SocketAddr,
}

/// The surroundings of a page's commands. Dropping it stops all servers.
pub struct Stage {
    dir: TempDir,
    addresses: Addresses,
    issuer: Child,
}

impl Stage {
    /// Starts the identity providers. `filterctl` is the program that the commands run.
    ///
    /// # Errors
    /// If a program is missing or does not start.
    pub fn new(filterctl: &Path) -> Result<Self> {
        let dir = tempfile::Builder::new().prefix("novasphere-site-").tempdir()?;
        let addresses = Addresses {
            gateway: free_address()?,
            admin: free_address()?,
            second: free_address()?,
            second_admin: free_address()?,
            api: free_address()?,
            issuer: free_address()?,
            redis: free_address()?,
        };
        for folder in ["bin", "work", "tmp", "etc/envoy", "run/envoy"] {
            fs::create_dir_all(dir.path().join(folder))?;
        }
        symlink(filterctl, dir.path().join("bin/filterctl"))?;
        for program in ["curl", "envoy"] {
            symlink(own(program), dir.path().join("bin").join(program))?;
        }
        for program in ["sudo", "systemctl"] {
            symlink(own("systemd"), dir.path().join("bin").join(program))?;
        }
        install_modules(&dir.path().join("etc/envoy/wasm"))?;
        certificate(dir.path())?;
        fs::write(dir.path().join(".curlrc"), curl_settings(dir.path(), &addresses)?)?;
        let issuer = start_issuer(dir.path(), addresses.issuer)?;
        Ok(Self { dir, addresses, issuer })
    }

    /// The folder of the commands.
    pub fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    /// The front end of Redis at this address, instead of none.
    #[must_use]
    pub fn with_redis(mut self, front: SocketAddr) -> Self {
        self.addresses.redis = front;
        self
    }

    /// A text of a page with the folders of the stage.
    pub fn real(&self, text: &str) -> String {
        let at = |folder: &str| format!("{}/", self.dir.path().join(folder).display());
        text.replace("/etc/envoy/", &at("etc/envoy")).replace("/usr/local/bin/", &at("bin"))
    }

    /// An output with the folders of the pages.
    pub fn shown(&self, text: &str) -> String {
        ["etc/envoy", "run/envoy"].iter().fold(text.to_owned(), |text, folder| {
            let own = format!("{}/", self.dir.path().join(folder).display());
            text.replace(&own, "/etc/envoy/")
        })
    }

    /// A shell for the commands, in a separate process group.
    ///
    /// # Errors
    /// If Envoy or the built filters are missing.
    pub fn shell(&self) -> Result<Command> {
        let dir = self.dir.path();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell.current_dir(self.work()).stdin(Stdio::null()).process_group(0);
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
            shell.env_remove(proxy);
        }
        shell
            .env("PATH", format!("{}:{path}", dir.join("bin").display()))
            .env("HOME", dir)
            .env("CURL_HOME", dir)
            .env("TMPDIR", dir.join("tmp"))
            .env("LC_ALL", "C.UTF-8")
            .env("PORT", self.addresses.api.port().to_string())
            .env("SITE_ENVOY", paths::envoy()?)
            .env("SITE_DIST", repository().join("dist"))
            .env("SITE_STAGE", dir)
            .env("SITE_CERTIFICATE", dir.join("certificate.pem"))
            .env("SITE_GATEWAY", self.addresses.gateway.port().to_string())
            .env("SITE_ADMIN", self.addresses.admin.port().to_string())
            .env("SITE_SECOND", self.addresses.second.port().to_string())
            .env("SITE_SECOND_ADMIN", self.addresses.second_admin.port().to_string())
            .env("SITE_REDIS", self.addresses.redis.port().to_string())
            .env("SITE_API", self.addresses.api.port().to_string())
            .env("SITE_ISSUER", self.addresses.issuer.port().to_string());
        paths::wasm("gateway")?;
        Ok(shell)
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Both fail only if the process has already ended.
        let _ = self.issuer.kill();
        let _ = self.issuer.wait();
    }
}

fn own(file: &str) -> PathBuf {
    repository().join("tests/site/stage").join(file)
}

/// Links to the built filters.
fn install_modules(folder: &Path) -> Result<()> {
    fs::create_dir(folder)?;
    let built = repository().join("dist");
    for entry in fs::read_dir(&built).context("dist is missing: run `make wasm`")? {
        let file = entry?.file_name();
        if Path::new(&file).extension().is_some_and(|ending| ending == "wasm") {
            symlink(built.join(&file), folder.join(&file))?;
        }
    }
    Ok(())
}

/// A certificate for all issuers, which is its own authority.
fn certificate(dir: &Path) -> Result<()> {
    let names: Vec<String> = ISSUERS.iter().map(|host| format!("DNS:{host}")).collect();
    let output = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-days", "2", "-subj", "/CN=Site tests", "-keyout"])
        .arg(dir.join("certificate-key.pem"))
        .arg("-out")
        .arg(dir.join("certificate.pem"))
        .args(["-addext", &format!("subjectAltName={}", names.join(","))])
        .output()
        .context("openssl is missing: install the package openssl")?;
    ensure!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Leads requests for the usual ports to the servers of the test.
fn curl_settings(dir: &Path, addresses: &Addresses) -> Result<String> {
    let mut text = format!("cacert = \"{}\"\n", dir.join("certificate.pem").display());
    // Otherwise curl doubles the time between tries.
    text.push_str("retry-delay = 1\n");
    for (port, to) in [
        (443, addresses.issuer),
        (8000, addresses.gateway),
        (8001, addresses.second),
        (8080, addresses.api),
        (9901, addresses.admin),
        (9902, addresses.second_admin),
    ] {
        writeln!(text, "connect-to = \":{port}:{to}\"")?;
    }
    Ok(text)
}

fn start_issuer(dir: &Path, addr: SocketAddr) -> Result<Child> {
    let mut child = Command::new("python3")
        .arg(own("issuer.py"))
        .arg(addr.port().to_string())
        .arg(dir.join("certificate.pem"))
        .arg(dir.join("certificate-key.pem"))
        .arg(repository().join("tests/keys/rsa-a.pem"))
        .stdin(Stdio::null())
        .spawn()
        .context("python3 is missing")?;
    until("the identity providers", || {
        if let Some(status) = child.try_wait()? {
            bail!("issuer.py exited with {status}");
        }
        Ok(TcpStream::connect(addr).is_ok().then_some(()))
    })?;
    Ok(child)
}
