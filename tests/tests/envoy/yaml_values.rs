//! Values that Envoy's YAML reader changes on their way to a filter.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use filterctl::{check::findings, found::Project, source::File};
use novasphere_explain::Environment;
use novasphere_harness::{
    chain,
    envoy::{Exit, validate_yaml},
    paths,
};

/// The configuration of Envoy with a filter whose plugin configuration is this message, in YAML,
/// indented by 18 spaces.
fn bootstrap(filter: &str, configuration: &str) -> Result<String> {
    let wasm = paths::wasm(filter)?;
    Ok(format!(
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
    ))
}

fn validate_message(filter: &str, configuration: &str) -> Result<Exit> {
    validate_yaml(&bootstrap(filter, configuration)?, &chain::environment()?)
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

/// Scalars whose types readers of YAML disagree about.
const SCALARS: &[&str] = &[
    "y",
    "Y",
    "yes",
    "Yes",
    "YES",
    "yES",
    "n",
    "N",
    "no",
    "No",
    "NO",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "oFF",
    "true",
    "True",
    "TRUE",
    "tRUE",
    "false",
    "~",
    "null",
    "Null",
    "NULL",
    "nULL",
    "5",
    "+5",
    "-5",
    "007",
    "0x1F",
    "0o17",
    "1_000",
    "1.5",
    ".5",
    "5.",
    "1e3",
    "1E3",
    ".inf",
    "-.inf",
    ".nan",
    "0b11",
    "12:30",
    "2001-01-01",
    "017",
    "08",
    "-017",
    "0X1F",
    "+0x1F",
    "-0x1F",
    "4294967296",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "1000000000",
    "4503599627370496",
    "-4503599627370496",
    "9007199254740980",
    "-9007199254740980",
    "9007199254740988",
    "9007199254740989",
    "9007199254740990",
    "9007199254740991",
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "18446744073709551615",
    "18446744073709551616",
    "\"5\"",
    "'no'",
    "1.2.3",
    "--5",
    "5 apples",
];

/// filterctl and the module in the real Envoy find the same values in the same YAML.
#[test]
fn filterctl_reads_scalars_as_envoy_does() -> Result<()> {
    let scalars = SCALARS.join(", ");
    let configuration = format!(
        r#"                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
                    credentials: [{{key: k, secret: {{env: NOVASPHERE_JWT_SECRET}}}}]
                    issuers: [{scalars}]"#
    );
    let text = bootstrap("jwt-auth", &configuration)?;
    let exit = validate_yaml(&text, &chain::environment()?)?;
    let logged: BTreeSet<&str> = exit
        .log
        .lines()
        .filter_map(|line| line.find("issuers[").and_then(|at| line.get(at..)))
        .collect();
    let project = Project::new(vec![File::new("envoy.yaml", text)]);
    let environment = Environment { variables: chain::environment()?, assume_missing: false };
    let findings = findings(&project, &environment);
    let found: BTreeSet<&str> =
        findings.iter().filter_map(|f| f.message.strip_prefix("jwt-auth: issuers[")).collect();
    let logged: BTreeSet<&str> =
        logged.iter().filter_map(|line| line.strip_prefix("issuers[")).collect();
    ensure!(!logged.is_empty(), "{}", exit.log);
    let only_envoy: Vec<_> = logged.difference(&found).collect();
    let only_filterctl: Vec<_> = found.difference(&logged).collect();
    ensure!(
        only_envoy.is_empty() && only_filterctl.is_empty(),
        "only Envoy: {only_envoy:#?}\nonly filterctl: {only_filterctl:#?}"
    );
    Ok(())
}
