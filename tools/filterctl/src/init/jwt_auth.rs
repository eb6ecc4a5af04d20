//! The configuration of jwt-auth for a provider.

use super::{
    options::{Host, Settings, is_host_name},
    provider::{PUBLIC_KEY, SECRET},
};

/// The server of an issuer or of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Server {
    /// The server of a URL. `None` for another scheme, user information, or an IPv6 address.
    pub(super) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let (tls, default) = match scheme {
            "https" => (true, 443),
            "http" => (false, 80),
            _ => return None,
        };
        let authority = rest.split('/').next()?;
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, port.parse().ok().filter(|port| *port > 0)?),
            None => (authority, default),
        };
        is_host_name(host).then(|| Self { tls, host: host.to_owned(), port })
    }
}

impl Settings {
    /// The variables that the filter reads.
    pub(super) fn variables(&self) -> &'static [&'static str] {
        match (self.provider.keys(&self.issuer), self.host) {
            (None, _) => &[SECRET],
            (Some(_), Host::Traefik) => &[PUBLIC_KEY],
            (Some(_), _) => &[],
        }
    }

    /// The server of the key set. `None` if the proxy fetches no keys.
    pub(super) fn keys_server(&self) -> Option<Server> {
        let uri = self.provider.keys(&self.issuer).filter(|_| self.host != Host::Traefik)?;
        Server::of(&uri)
    }

    /// The lines of the configuration.
    pub(super) fn jwt_auth(&self) -> Vec<String> {
        let mut lines = self.keys();
        if self.provider.has_audience() {
            lines.push(format!("audiences: [{}]", quoted(&self.audience)));
        }
        let required = self.provider.required(&self.audience);
        if !required.is_empty() {
            lines.push("required_claims:".to_owned());
        }
        for (claim, value) in required {
            lines.push(format!("- {{claim: {claim}, equals: {}}}", quoted(&value)));
        }
        lines.push("# Tolerates this difference between the clocks, in seconds.".to_owned());
        lines.push("leeway: 30".to_owned());
        lines.push("# Accepts no token in the query, which logs and histories keep.".to_owned());
        lines.push("uri_param_names: []".to_owned());
        if self.host != Host::Traefik {
            lines.push(
                "# Probes have no token. jwt-auth still runs for them, and removes forged identities."
                    .to_owned(),
            );
            lines.push("skip:".to_owned());
            lines.push("- {path: /health}".to_owned());
        }
        lines.push(
            "# The upstream can trust these headers: the filter removes those of clients."
                .to_owned(),
        );
        lines.push("claims_to_headers:".to_owned());
        for (claim, header) in self.provider.claims() {
            lines.push(format!("- {{claim: {}, header: {header}}}", plain_or_quoted(claim)));
        }
        lines
    }

    fn keys(&self) -> Vec<String> {
        let issuer = quoted(&self.issuer);
        let Some(uri) = self.provider.keys(&self.issuer) else {
            return vec![
                "credentials:".to_owned(),
                format!("- key: {issuer}   # the token's iss"),
                "  algorithm: HS256".to_owned(),
                format!("  secret: {{env: {SECRET}}}"),
            ];
        };
        match self.host {
            Host::Traefik => vec![
                "# Traefik cannot fetch keys. Write the current keys of the issuer here, and add new ones"
                    .to_owned(),
                format!("# before it signs with them: {uri}"),
                "credentials:".to_owned(),
                format!("- key: {issuer}   # the token's iss"),
                "  algorithm: RS256".to_owned(),
                "  # A public key as PEM text. Or instead, a member of the issuer's key set:".to_owned(),
                "  # jwk: {kty: RSA, kid: ..., n: ..., e: AQAB}".to_owned(),
                format!("  public_key: {{env: {PUBLIC_KEY}}}"),
            ],
            Host::Kong => vec![
                "jwks:".to_owned(),
                format!("- issuer: {issuer}   # the token's iss"),
                format!("  uri: {}", quoted(&uri)),
            ],
            _ => vec![
                "jwks:".to_owned(),
                format!("- issuer: {issuer}   # the token's iss"),
                format!("  uri: {}", quoted(&uri)),
                "  cluster: identity   # the cluster that connects to the issuer".to_owned(),
            ],
        }
    }
}

/// A text in the quotes of JSON, which YAML reads too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn plain_or_quoted(text: &str) -> String {
    let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.".contains(&b));
    if is_plain { text.to_owned() } else { quoted(text) }
}
