//! Values that Envoy's YAML reader changes on their way to a filter.

use anyhow::{Result, ensure};
use novasphere_harness::{
    chain,
    envoy::{Exit, validate_yaml},
    paths,
};

/// Validates a jwt-auth configuration with these `required_claims`, in YAML.
fn validate(claims: &[&str]) -> Result<Exit> {
    let (wasm, claims) = (paths::wasm("jwt-auth")?, claims.join(", "));
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
          - name: jwt-auth
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: jwt-auth
                vm_config:
                  runtime: envoy.wasm.runtime.v8
                  code: {{local: {{filename: "{}"}}}}
                  environment_variables: {{host_env_keys: [NOVASPHERE_JWT_SECRET]}}
                configuration:
                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
                    credentials: [{{key: k, secret: {{env: NOVASPHERE_JWT_SECRET}}}}]
                    required_claims: [{claims}]
          - name: envoy.filters.http.router
            typed_config: {{"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}
"#,
        wasm.display()
    );
    validate_yaml(&text, &chain::environment()?)
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
