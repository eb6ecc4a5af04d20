//! The options, checked.

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use super::provider::Provider;

/// Write a complete configuration to start from: with comments, and with the issuer, keys, audience
/// and claims of an identity provider.
///
/// The files contain names of examples unless options give your own. `filterctl check` has no
/// findings in them.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The proxy.
    #[arg(long, value_enum)]
    pub(super) host: Host,
    /// The identity provider that signs the tokens, or `secret` for your own HMAC secret.
    #[arg(long, value_enum)]
    pub(super) idp: Provider,
    /// The `iss` of the tokens. With `secret`, any string.
    #[arg(long, value_name = "URL")]
    pub(super) issuer: Option<String>,
    /// The `aud` of the tokens: the name or id of your API at the provider. For Cognito, the id of the
    /// client.
    #[arg(long, value_name = "NAME")]
    pub(super) audience: Option<String>,
    /// The host name of your API.
    #[arg(long, default_value = "api.example.com")]
    pub(super) domain: String,
    /// The upstream of your API.
    #[arg(long, value_name = "HOST:PORT", default_value = "api:8080")]
    pub(super) upstream: String,
    /// A new directory for the files. Default: the standard output.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<String>,
}

/// A proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Host {
    /// Envoy: envoy.yaml.
    Envoy,
    /// Kong: kong.yml and kong.env.
    Kong,
    /// Traefik: traefik.yaml and dynamic.yaml.
    Traefik,
    /// Envoy Gateway: Kubernetes resources.
    EnvoyGateway,
    /// Istio: Kubernetes resources.
    Istio,
}

impl Host {
    /// # Errors
    /// If the keys are on this machine and the proxy usually runs on another one.
    fn check_keys(self, provider: Provider, issuer: &str) -> Result<()> {
        // The provider accepts `http://` only for this machine.
        let is_local = provider.keys(issuer).is_some_and(|keys| keys.starts_with("http://"));
        if is_local && !matches!(self, Self::Envoy | Self::Traefik) {
            let host = self.to_possible_value();
            let host = host.as_ref().map_or("", |host| host.get_name());
            bail!(
                "--issuer: with --host {host}, localhost and 127.0.0.1 are the proxy's own pod: \
                 expected the https:// URL of the issuer that pods can reach, such as {}, got \
                 {issuer:?}",
                provider.issuer(provider.audience())
            );
        }
        Ok(())
    }
}

/// The settings of the files.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) host: Host,
    pub(super) provider: Provider,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) domain: String,
    pub(super) upstream_host: String,
    pub(super) upstream_port: u16,
}

impl Settings {
    /// # Errors
    /// If an option has the wrong form.
    pub(super) fn new(args: &Args) -> Result<Self> {
        let provider = args.idp;
        let audience = args.audience.clone().unwrap_or_else(|| provider.audience().to_owned());
        check_text("--audience", &audience)?;
        let issuer = match &args.issuer {
            Some(issuer) => provider.normalized(issuer, &audience)?,
            None => provider.issuer(&audience),
        };
        check_text("--issuer", &issuer)?;
        args.host.check_keys(provider, &issuer)?;
        if !is_host_name(&args.domain) {
            bail!("--domain: expected a host name such as api.example.com, got {:?}", args.domain);
        }
        let (host, port) = args.upstream.rsplit_once(':').unzip();
        let host = host.filter(|host| is_host_name(host)).map(str::to_owned);
        let port = port.and_then(|port| port.parse::<u16>().ok()).filter(|port| *port > 0);
        let form = || format!("--upstream: expected HOST:PORT, got {:?}", args.upstream);
        Ok(Self {
            host: args.host,
            provider,
            issuer,
            audience,
            domain: args.domain.clone(),
            upstream_host: host.with_context(form)?,
            upstream_port: port.with_context(form)?,
        })
    }
}

/// The text becomes a part of YAML.
fn check_text(option: &str, text: &str) -> Result<()> {
    if text.is_empty() || text.chars().any(|c| c.is_control()) {
        bail!("{option}: expected a string without control characters, got {text:?}");
    }
    Ok(())
}

pub(super) fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.split('.').all(is_label)
}
