use clap::{Parser, ValueEnum};
use novasphere_explain::{Environment, Proxy, check};

use super::{options::Host, provider::Provider, *};
use crate::{found::Project, source::File};

#[derive(clap::Parser)]
struct Cli {
    #[command(flatten)]
    args: Args,
}

fn name(value: &impl ValueEnum) -> String {
    value.to_possible_value().unwrap().get_name().to_owned()
}

fn settings(options: &[&str]) -> Result<Settings> {
    let cli = Cli::try_parse_from(["init"].iter().chain(options))?;
    Settings::new(&cli.args)
}

fn files(host: Host, provider: Provider, options: &[&str]) -> Vec<OutputFile> {
    let (host, provider) = (name(&host), name(&provider));
    let all = [&["--host", &host, "--idp", &provider], options].concat();
    hosts::files(&settings(&all).unwrap())
}

/// A variable with a public key cannot be assumed.
fn environment() -> Environment {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/keys.json");
    let vectors: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let key = vectors["rsa2048"]["spki"].as_str().unwrap().to_owned();
    let secret = "0123456789abcdef0123456789abcdef".to_owned();
    let variables = [(provider::PUBLIC_KEY, key), (provider::SECRET, secret)];
    let variables = variables.map(|(name, value)| (name.to_owned(), value));
    Environment { variables: variables.into(), assume_missing: false }
}

#[test]
fn filters_accept_every_output_without_a_warning() {
    let environment = environment();
    for host in Host::value_variants() {
        for provider in Provider::value_variants() {
            let files = files(*host, *provider, &[]);
            let read = files.iter().filter(|file| !file.name.ends_with(".env"));
            let read: Vec<File> =
                read.map(|file| File::new(file.name, file.text.clone())).collect();
            assert!(read.iter().all(|file| file.error.is_none()), "{read:?}");
            let project = Project::new(read);
            assert_eq!(project.filters.len(), 1, "{host:?} {provider:?}");
            for found in &project.filters {
                let mut proxy = Proxy::new(found.platform.proxy(), &environment);
                proxy.values_are_text = found.config.values_are_text;
                proxy.guesses_types = found.config.guesses_types;
                let verdict = check(found.kind, found.config.json.as_bytes(), &proxy);
                assert_eq!(verdict.faults, [], "{host:?} {provider:?}");
                assert_eq!(verdict.warnings, [], "{host:?} {provider:?}");
            }
        }
    }
}

#[test]
fn every_place_is_filled() {
    for host in Host::value_variants() {
        for provider in Provider::value_variants() {
            for file in files(*host, *provider, &[]) {
                let left = file.text.lines().find(|line| {
                    let mut parts = line.split('@');
                    parts.next();
                    let is_place = |part: &str| {
                        !part.is_empty()
                            && part.bytes().all(|b| b.is_ascii_uppercase() || b == b'_')
                    };
                    parts.any(is_place)
                });
                assert_eq!(left, None, "{host:?} {provider:?}");
                assert!(!file.text.contains("\n\n\n"), "{host:?} {provider:?}");
            }
        }
    }
}

#[test]
fn options_replace_the_examples() {
    let options = [
        "--issuer",
        "https://id.shop.test/realms/shop/",
        "--audience",
        "orders",
        "--domain",
        "orders.shop.test",
        "--upstream",
        "orders.local:9000",
    ];
    for host in [Host::Envoy, Host::Kong, Host::Istio, Host::EnvoyGateway] {
        let text = &files(host, Provider::Keycloak, &options)[0].text;
        for expected in [
            "issuer: \"https://id.shop.test/realms/shop\"",
            "uri: \"https://id.shop.test/realms/shop/protocol/openid-connect/certs\"",
            "audiences: [\"orders\"]",
            "orders.shop.test",
            "orders.local",
            "9000",
            "https://app.shop.test",
        ] {
            assert!(text.contains(expected), "{host:?}: {expected}");
        }
        assert!(!text.contains("example.com") || text.contains("registry.example.com"));
    }
}

#[test]
fn keys_come_from_the_port_and_with_the_scheme_of_the_issuer() {
    for (issuer, expected, has_tls) in [
        ("https://id.test/realms/a", "address: id.test, port_value: 443", true),
        ("https://id.test:8443/realms/a", "address: id.test, port_value: 8443", true),
        ("http://localhost:8180/realms/a", "address: localhost, port_value: 8180", false),
        ("http://127.0.0.1/realms/a", "address: 127.0.0.1, port_value: 80", false),
    ] {
        let hosts = [Host::Envoy, Host::EnvoyGateway, Host::Istio];
        for host in hosts.into_iter().filter(|host| has_tls || *host == Host::Envoy) {
            let text = &files(host, Provider::Keycloak, &["--issuer", issuer])[0].text;
            assert!(text.contains(expected), "{host:?} {issuer}: {text}");
            assert_eq!(text.contains("UpstreamTlsContext"), has_tls, "{host:?} {issuer}");
            assert!(text.contains(&format!("uri: \"{issuer}/protocol/")), "{host:?} {issuer}");
        }
    }
    for (provider, issuer) in [
        ("auth0", "http://a.auth0.com"),
        ("auth0", "http://localhost"),
        ("keycloak", "http://id.test"),
        ("keycloak", "http://localhost.test/a"),
        ("keycloak", "http://localhost@id.test/a"),
        ("keycloak", "http://localhost:8180@id.test/a"),
        ("keycloak", "http://localhost\\@id.test/a"),
        ("keycloak", "http://localhost:0/a"),
        ("keycloak", "http://[::1]/a"),
        ("keycloak", "https://user:password@id.test/a"),
        ("keycloak", "https://id.test:x/a"),
        ("keycloak", "https://id.test,port_value:1/a"),
    ] {
        let error = settings(&["--host", "envoy", "--idp", provider, "--issuer", issuer]);
        assert!(error.is_err(), "{issuer}");
    }
}

#[test]
fn issuer_on_this_machine_needs_a_proxy_on_it() {
    for issuer in ["http://localhost:8180/realms/a", "http://127.0.0.1/realms/a"] {
        for host in Host::value_variants() {
            let host = name(host);
            let found = settings(&["--host", &host, "--idp", "keycloak", "--issuer", issuer]);
            if ["envoy", "traefik"].contains(&host.as_str()) {
                assert_eq!(found.unwrap().issuer, issuer, "{host}");
                continue;
            }
            let error = found.unwrap_err().to_string();
            let reason = format!("--issuer: with --host {host}, localhost and 127.0.0.1 are");
            for expected in [&reason, "expected the https:// URL", issuer] {
                assert!(error.contains(expected), "{error}");
            }
        }
        // The issuer of a secret is any string.
        assert!(settings(&["--host", "istio", "--idp", "secret", "--issuer", issuer]).is_ok());
    }
}

#[test]
fn identity_headers_are_removed_early() {
    for provider in Provider::value_variants() {
        let text = &files(Host::Envoy, *provider, &[])[0].text;
        for (_, header) in provider.claims() {
            let line = format!("- {{remove: {}}}", header.to_ascii_lowercase());
            assert!(text.contains(&line), "{provider:?} {header}");
        }
    }
}

#[test]
fn issuers_have_the_form_of_their_provider() {
    for (provider, issuer, expected) in [
        ("auth0", "https://shop.auth0.com", Some("https://shop.auth0.com/")),
        (
            "okta",
            "https://shop.okta.com/oauth2/default/",
            Some("https://shop.okta.com/oauth2/default"),
        ),
        (
            "entra",
            "https://login.microsoftonline.com/t/v2.0",
            Some("https://login.microsoftonline.com/t/v2.0"),
        ),
        ("entra", "https://sts.windows.net/t", Some("https://sts.windows.net/t/")),
        ("entra", "https://login.microsoftonline.com/common/v2.0", None),
        ("entra", "https://login.microsoftonline.com/t", None),
        ("okta", "https://shop.okta.com", None),
        ("google", "accounts.google.com", Some("accounts.google.com")),
        ("google", "https://accounts.google.com/", Some("https://accounts.google.com")),
        ("google", "https://google.com", None),
        ("firebase", "https://securetoken.google.com/other", None),
        (
            "firebase",
            "https://securetoken.google.com/example-project",
            Some("https://securetoken.google.com/example-project"),
        ),
        ("keycloak", "http://id.example.com", None),
        ("keycloak", "shop", None),
        ("secret", "shop", Some("shop")),
    ] {
        let found = settings(&["--host", "envoy", "--idp", provider, "--issuer", issuer]);
        assert_eq!(found.ok().map(|found| found.issuer).as_deref(), expected, "{issuer}");
    }
    let firebase =
        settings(&["--host", "envoy", "--idp", "firebase", "--audience", "shop"]).unwrap();
    assert_eq!(firebase.issuer, "https://securetoken.google.com/shop");
}

/// The documentation of the providers, or the jwks_uri of their OpenID Connect configurations.
#[test]
fn keys_are_where_the_provider_publishes_them() {
    for (provider, issuer, expected) in [
        (
            Provider::Keycloak,
            "https://id.test/realms/a",
            "https://id.test/realms/a/protocol/openid-connect/certs",
        ),
        (
            Provider::Auth0,
            "https://shop.auth0.com/",
            "https://shop.auth0.com/.well-known/jwks.json",
        ),
        (
            Provider::Entra,
            "https://login.microsoftonline.com/t/v2.0",
            "https://login.microsoftonline.com/t/discovery/v2.0/keys",
        ),
        (
            Provider::Entra,
            "https://sts.windows.net/t/",
            "https://login.microsoftonline.com/t/discovery/keys",
        ),
        (
            Provider::Cognito,
            "https://cognito-idp.eu-central-1.amazonaws.com/p",
            "https://cognito-idp.eu-central-1.amazonaws.com/p/.well-known/jwks.json",
        ),
        (
            Provider::Okta,
            "https://shop.okta.com/oauth2/default",
            "https://shop.okta.com/oauth2/default/v1/keys",
        ),
        (
            Provider::Google,
            "https://accounts.google.com",
            "https://www.googleapis.com/oauth2/v3/certs",
        ),
        (
            Provider::Firebase,
            "https://securetoken.google.com/p",
            "https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com",
        ),
    ] {
        assert_eq!(provider.keys(issuer).as_deref(), Some(expected));
    }
}

#[test]
fn files_are_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let out_dir = dir.path().join("new");
    let options =
        ["init", "--host", "traefik", "--idp", "secret", "--out", out_dir.to_str().unwrap()];
    let cli = Cli::try_parse_from(options).unwrap();
    let mut out = Vec::new();
    run(&cli.args, &mut out).unwrap();
    assert!(String::from_utf8(out).unwrap().ends_with("dynamic.yaml\n"));
    assert!(out_dir.join("traefik.yaml").exists());
    let error = run(&cli.args, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("traefik.yaml exists"), "{error}");
    let cli = Cli::try_parse_from(["init", "--host", "kong", "--idp", "secret"]).unwrap();
    let error = run(&cli.args, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.contains("kong.yml and kong.env; add --out DIR"), "{error}");
}

#[test]
fn wrong_options_name_their_form() {
    for (options, expected) in [
        (["--domain", "https://a.example"], "--domain: expected a host name"),
        (["--upstream", "api"], "--upstream: expected HOST:PORT"),
        (["--upstream", "api:0"], "--upstream: expected HOST:PORT"),
        (["--audience", ""], "--audience: expected a string"),
    ] {
        let all = [&["--host", "envoy", "--idp", "okta"], &options[..]].concat();
        let error = settings(&all).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
