//! Values that Envoy's YAML reader changes on their way to a filter.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    envoy::{Exit, validate_yaml},
    paths,
};

/// Validates a filter whose plugin configuration is this message, in YAML, indented by 18 spaces.
fn validate_message(filter: &str, configuration: &str) -> Result<Exit> {
    let wasm = paths::wasm(filter)?;
    let text = format!(
        r#"
static_resources:
  listeners:
  - name: gateway
    address: {{socket_address: {{address: 127.0.0.1, port_value: 0}}}}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: gateway
          route_config: {{virtual_hosts: []}}
          http_filters:
          - name: {filter}
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: {filter}
                vm_config:
                  runtime: envoy.wasm.runtime.v8
                  code: {{local: {{filename: "{}"}}}}
                  environment_variables: {{host_env_keys: [NOVASPHERE_JWT_SECRET]}}
                configuration:
{configuration}
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
"#,
        wasm.display()
    );
    validate_yaml(&text, &chain::environment()?)
}

/// Validates a jwt-auth configuration with these `required_claims`, in YAML.
fn validate(claims: &[&str]) -> Result<Exit> {
    let claims = claims.join(", ");
    let configuration = format!(
        r#"                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
                    credentials: [{{key: k, secret: {{env: NOVASPHERE_JWT_SECRET}}}}]
                    required_claims: [{claims}]"#
    );
    validate_message("jwt-auth", &configuration)
}

#[test]
fn every_message_with_a_struct_is_decoded() -> Result<()> {
    const TYPE_URL: &str = "\n                  type_url: a.example/RateLimit";
    for (message, type_url) in [
        ("google.protobuf.Struct", ""),
        ("google.protobuf.Value", ""),
        ("xds.type.v3.TypedStruct", TYPE_URL),
        ("udpa.type.v1.TypedStruct", TYPE_URL),
    ] {
        let of = |value: &str| {
            validate_message(
                "rate-limit",
                &format!(
                    r#"                  "@type": type.googleapis.com/{message}{type_url}
                  value: {value}"#
                ),
            )
        };
        let accepted = of("{minute: 5}")?;
        ensure!(accepted.success, "{message}: {}", accepted.log);
        let refused = of("{minut: 5}")?;
        let fault = "minut: unknown field; did you mean";
        ensure!(!refused.success && refused.log.contains(fault), "{message}: {}", refused.log);
    }
    Ok(())
}

/// Entries of `required_claims`, and the start of the fault of each.
const REFUSED: &[(&str, &str)] = &[
    ("{claim: a, equals: 1.5}", r#"equals: "1.5" is ambiguous: the proxy's YAML passes"#),
    (r#"{claim: a, equals: "1.5"}"#, r#"equals: "1.5" is ambiguous: the proxy's YAML passes"#),
    ("{claim: a, one_of: [x, 1e3]}", r#"one_of: "1e3" is ambiguous"#),
    ("{claim: a, equals: 9007199254740993}", r#"equals: "9007199254740993" is ambiguous"#),
    ("{claim: a, equals: 9007199254740991}", r#"equals: "9007199254740991" is ambiguous"#),
    (
        "{claim: a, one_of: [no]}",
        "one_of: false is ambiguous: the proxy's YAML reads n, no and off",
    ),
    ("{claim: a, one_of: [SE, NO]}", "one_of: false is ambiguous"),
    ("{claim: a, contains: on}", "contains: true is ambiguous"),
    ("{claim: a, one_of: [true, no]}", "one_of: true is ambiguous"),
    ("{claim: no}", "claim: expected the name of a claim or a list of names"),
];

#[test]
fn values_of_guessed_type_are_refused_with_a_remedy() -> Result<()> {
    let claims: Vec<&str> = REFUSED.iter().map(|(claim, _)| *claim).collect();
    let exit = validate(&claims)?;
    ensure!(!exit.success, "accepted");
    for (i, (claim, fault)) in REFUSED.iter().enumerate() {
        let fault = format!("required_claims[{i}].{fault}");
        ensure!(exit.log.contains(&fault), "{claim}: no {fault:?} in {}", exit.log);
    }
    Ok(())
}

#[test]
fn values_that_keep_their_type_are_accepted() -> Result<()> {
    let exit = validate(&[
        "{claim: a, equals: 5}",
        r#"{claim: a, equals: "5"}"#,
        r#"{claim: a, one_of: ["no", 'off', yES]}"#,
        r"{claim: a, matches: '1\.5'}",
        r#"{claim: a, one_of: [true, "true"]}"#,
        "{claim: a, equals: 9007199254740990}",
        "{claim: a, equals: off}",
    ])?;
    let warnings: Vec<&str> =
        exit.log.lines().filter(|line| line.contains("required_claims")).collect();
    let warning =
        "required_claims[6].equals: is the boolean false; the proxy's YAML reads n, no and off";
    // Envoy configures the filter more than once.
    ensure!(exit.success && !warnings.is_empty(), "{}", exit.log);
    ensure!(warnings.iter().all(|line| line.contains(warning)), "{}", exit.log);
    Ok(())
}
