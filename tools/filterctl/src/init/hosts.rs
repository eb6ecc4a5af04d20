//! The files for each host.

use super::{
    jwt_auth::Server,
    options::{Host, Settings},
    provider::SECRET,
};
use crate::template::Template;

/// A file of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutputFile {
    pub(super) name: &'static str,
    pub(super) text: String,
}

const ENVOY: &str = include_str!("templates/envoy.yaml");
const KONG: &str = include_str!("templates/kong.yml");
const KONG_ENV: &str = include_str!("templates/kong.env");
const TRAEFIK: &str = include_str!("templates/traefik.yaml");
const DYNAMIC: &str = include_str!("templates/dynamic.yaml");
const ENVOY_GATEWAY: &str = include_str!("templates/envoy-gateway.yaml");
const ISTIO: &str = include_str!("templates/istio.yaml");
/// The configuration of the gateway filter.
const GATEWAY: &str = include_str!("templates/gateway.yaml");
/// A cluster of Envoy for the issuer's keys.
const CLUSTER: &str = include_str!("templates/cluster.yaml");
/// Settings of Kubernetes that give the proxy its secret.
const ENVOY_GATEWAY_SECRET: &str = include_str!("templates/envoy-gateway-secret.yaml");
const ISTIO_SECRET: &str = include_str!("templates/istio-secret.yaml");

/// The files for the host.
pub(super) fn files(settings: &Settings) -> Vec<OutputFile> {
    let template = template(settings);
    let file = |name, text| OutputFile { name, text: template.text(text) };
    match settings.host {
        Host::Envoy => vec![file("envoy.yaml", ENVOY)],
        Host::Kong => vec![file("kong.yml", KONG), file("kong.env", KONG_ENV)],
        Host::Traefik => vec![file("traefik.yaml", TRAEFIK), file("dynamic.yaml", DYNAMIC)],
        Host::EnvoyGateway => vec![file("envoy-gateway.yaml", ENVOY_GATEWAY)],
        Host::Istio => vec![file("istio.yaml", ISTIO)],
    }
}

fn template(settings: &Settings) -> Template {
    let headers = settings.provider.claims().iter().map(|(_, header)| *header);
    let removed = |form: fn(&str) -> String| headers.clone().map(form).collect::<Vec<_>>();
    let lower = |header: &str| header.to_ascii_lowercase();
    // The registered domain, for the example of a web app.
    let zone = settings.domain.split_once('.').map_or("example.com", |(_, zone)| zone);
    let template = Template::default()
        .block("NOTES", notes(settings))
        .block("GATEWAY", lines(GATEWAY))
        .block("JWT_AUTH", settings.jwt_auth())
        .block("CLIENT_IP", client_ip(settings.host))
        .block(
            "REMOVED",
            removed(|header| format!("- {{remove: {}}}", header.to_ascii_lowercase())),
        )
        .block(
            "REMOVED_NAMES",
            headers.clone().map(|header| format!("- {}", lower(header))).collect(),
        )
        .block("EMPTIED", removed(|header| format!("{header}: \"\"")));
    let keys = settings.keys_server();
    let template = clusters(secrets(template, settings), keys.as_ref());
    template
        .word("DOMAIN", settings.domain.as_str())
        .word("ZONE", zone)
        .word("UPSTREAM_HOST", settings.upstream_host.as_str())
        .word("UPSTREAM_PORT", settings.upstream_port.to_string())
        .word("KEYS_HOST", keys.as_ref().map_or("", |keys| keys.host.as_str()))
        .word("KEYS_PORT", keys.as_ref().map_or(443, |keys| keys.port).to_string())
        .word("VERSION", env!("CARGO_PKG_VERSION"))
        .word("SECRET", SECRET)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

fn notes(settings: &Settings) -> Vec<String> {
    let notes = settings.provider.notes().iter().map(|line| (*line).to_owned());
    let variables = settings
        .variables()
        .iter()
        .map(|name| format!("The proxy's environment must contain {name}."));
    notes.chain(variables).map(|line| format!("# {line}")).collect()
}

/// On Kong, the address of the connection is cheap to read and follows Kong's own settings.
fn client_ip(host: Host) -> Vec<String> {
    match host {
        Host::Kong | Host::Traefik => Vec::new(),
        _ => lines(
            "# The entry that Envoy appends to X-Forwarded-For. Safe only with use_remote_address: true;\n\
             # behind a load balancer that appends to it, trusted_hops is one more.\n\
             client_ip: {from: forwarded_for, trusted_hops: 1}",
        ),
    }
}

/// The settings that pass variables on to the filter.
fn secrets(template: Template, settings: &Settings) -> Template {
    let variables = settings.variables();
    let given = |text: String| if variables.is_empty() { Vec::new() } else { lines(&text) };
    let list = variables.join(", ");
    // Kong writes the variables into one directive of nginx.
    let directive = variables.join("; env ");
    let kubernetes = |text: &str| given(text.to_owned());
    template
        .block(
            "VARIABLES",
            given(format!(
                "# Only the variables listed here reach the filter. Set them in Envoy's environment.\n\
                 environment_variables: {{host_env_keys: [{list}]}}"
            )),
        )
        .block(
            "MAIN_ENV",
            given(format!(
                "# Only the variables listed here reach the filter.\nKONG_NGINX_MAIN_ENV={directive}"
            )),
        )
        .block(
            "ENVS",
            given(format!(
                "# Only the variables listed here reach the filter. Set them in Traefik's environment.\n\
                 settings: {{envs: [{list}]}}"
            )),
        )
        .block("ENVOY_GATEWAY_ENV", given(format!("env: {{hostKeys: [{list}]}}")))
        .block("PROVIDER", kubernetes(ENVOY_GATEWAY_SECRET))
        .block(
            "VM_CONFIG",
            given(format!("vmConfig:\n  env:\n  - {{name: {list}, valueFrom: HOST}}")),
        )
        .block(
            "PARAMETERS",
            given(
                "infrastructure:\n  parametersRef: {group: \"\", kind: ConfigMap, name: api-istio}".to_owned(),
            ),
        )
        .block("SECRET_MAP", kubernetes(ISTIO_SECRET))
}

/// The cluster for the issuer's keys, in the form of each host.
fn clusters(template: Template, keys: Option<&Server>) -> Template {
    let given = |lines: Vec<String>| if keys.is_some() { lines } else { Vec::new() };
    let has_tls = keys.is_none_or(|keys| keys.tls);
    let mut cluster = lines(CLUSTER);
    // The settings of TLS are the last ones.
    let end = cluster.iter().position(|line| !has_tls && line.contains("transport_socket:"));
    cluster.truncate(end.unwrap_or(usize::MAX));
    let body = |indentation: &str| -> Vec<String> {
        let members = cluster.iter().skip(1);
        let members = members.map(|line| line.replacen("- name:", "  name:", 1));
        // Without the indentation of the list entry.
        members
            .map(|line| format!("{indentation}{}", line.strip_prefix("  ").unwrap_or(&line)))
            .collect()
    };
    let patch = [
        lines(
            "# The server of the issuer's keys.\n- op: add\n  path: /static_resources/clusters/-\n  value:",
        ),
        body("    "),
    ];
    let istio = [
        lines(
            "# The server of the issuer's keys.\n- applyTo: CLUSTER\n  match: {context: GATEWAY}\n  \
             patch:\n    operation: ADD\n    value:",
        ),
        body("      "),
    ];
    template
        .block("CLUSTER_PATCH", given(patch.concat()))
        .block("ISTIO_CLUSTER", given(istio.concat()))
        .block("CLUSTER", given(cluster))
}
