//! What `filterctl render` adds to the configurations in `tests/render`, in the real Envoy: requests
//! without a token get 401, and routes with other settings behave as before.
//!
//! Each folder has `envoy.yaml`, `settings.yaml`, and `requests.yaml` with the statuses before and
//! after. Listeners and clusters have no TLS here; a separate test covers it.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, ensure};
use novasphere_harness::{
    chain::{self, ensure_no_trap},
    client::{self, Request},
    envoy::{Envoy, Substitutions, telling, validate_yaml},
    paths::repository,
    standin::{Answer, EXCHANGE_HEADER, Standin},
};
use novasphere_tests::starting_points::render;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    listener: String,
    host: String,
    path: String,
    /// Before, after without a token, and after with a token.
    statuses: [u16; 3],
}

fn folders() -> Result<Vec<PathBuf>> {
    let folders = fs::read_dir(repository().join("tests/render"))?;
    folders.map(|entry| Ok(entry?.path())).collect()
}

/// Sends the requests to an Envoy with a configuration. `place` is the index of the expected status.
fn check(text: &str, entries: &[Entry], tokens: &[(usize, Option<&str>)]) -> Result<()> {
    let standin = Standin::start()?;
    standin.exchanges.agree("render", Answer::new(200, &[])?);
    let substitutions = Substitutions::new(standin.addr, chain::environment()?);
    let envoy = Envoy::start_text(text, &substitutions)?;
    for Entry { listener, host, path, statuses } in entries {
        let addr = envoy.listener(listener)?;
        for (place, token) in tokens {
            let mut request =
                Request::get(path).header("host", host).header(EXCHANGE_HEADER, "render");
            if let Some(token) = token {
                request = request.header("authorization", format!("Bearer {token}"));
            }
            let status = client::send(addr, &request)?.head.status;
            let expected = statuses.get(*place);
            ensure!(expected == Some(&status), "{host}{path} {token:?}: {status}");
        }
    }
    ensure_no_trap(&envoy)
}

#[test]
fn rendered_configurations_require_tokens() -> Result<()> {
    let token = chain::token(json!({"iss": "web-app", "sub": "alice", "exp": "now+600"}))?;
    for folder in folders()? {
        let read =
            |name: &str| fs::read_to_string(folder.join(name)).with_context(|| name.to_owned());
        let entries: Vec<Entry> = serde_yaml_ng::from_str(&read("requests.yaml")?)?;
        let name = || folder.display().to_string();
        check(&read("envoy.yaml")?, &entries, &[(0, None)]).with_context(name)?;
        let after = [(1, None), (2, Some(token.as_str()))];
        check(&render(&folder)?, &entries, &after).with_context(name)?;
    }
    Ok(())
}

#[test]
fn rendered_configuration_with_tls_is_valid() -> Result<()> {
    let keys = repository().join("tests/keys");
    let text = render(&repository().join("tests/render/tls"))?
        .replace("/etc/envoy/tls.crt", &keys.join("tls-certificate.pem").display().to_string())
        .replace("/etc/envoy/tls.key", &keys.join("tls-key.pem").display().to_string());
    let exit = validate_yaml(&text, &chain::environment()?)?;
    ensure!(exit.success, "Envoy rejects it:\n{}", telling(&exit.log));
    Ok(())
}
