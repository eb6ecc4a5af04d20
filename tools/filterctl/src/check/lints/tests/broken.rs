//! Broken and partial files cause findings, never a panic, and reports show no secret of them.

use novasphere_explain::Environment;

use super::{check, read};
use crate::{
    check::findings,
    finding::Finding,
    found::Project,
    report::{self, Format},
    source::File,
};

const FILES: [&str; 9] = [
    "deploy/envoy-gateway/filters.yaml",
    "deploy/istio/clients.yaml",
    "deploy/kong-ingress/ingress.yaml",
    "deploy/kong-ingress/values.yaml",
    "deploy/traefik/values.yaml",
    "host-config/envoy/per-route.yaml",
    "host-config/kong/kong.conf",
    "host-config/kong/separate-plugins.yml",
    "host-config/traefik/dynamic.yaml",
];

#[test]
fn truncated_files_cause_no_panic() {
    for path in FILES {
        let text = read(path);
        let lines: Vec<&str> = text.lines().collect();
        for n in (1..lines.len()).step_by(7) {
            let start = lines.iter().take(n).copied().collect::<Vec<_>>().join("\n");
            let end = lines.iter().skip(n).copied().collect::<Vec<_>>().join("\n");
            check(vec![(path.to_owned(), start), ("end.yaml".to_owned(), end)]);
        }
    }
}

#[test]
fn reports_show_no_secret_of_settings() {
    let settings = "NOVASPHERE_JWT_SECRET=s3cret\nKONG_DATABASE=off\n";
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      \
                      containers:\n      - name: proxy\n        image: kong:3.9\n        env: [{name: \
                      OTHER, value: s3cret}]\n";
    let files = [
        File::new("kong.yml", read("host-config/kong/kong.yml")),
        File::new("kong.env", settings.to_owned()),
        File::new("deployment.yaml", deployment.to_owned()),
    ];
    let project = Project::new(files.to_vec());
    let findings = findings(&project, &Environment::default());
    let ids: Vec<&str> = findings.iter().map(|finding| finding.code.id).collect();
    for id in ["NS211", "NS301", "NS302", "NS303"] {
        assert!(ids.contains(&id), "{id}: {ids:?}");
    }
    let text = reports(&findings, &project);
    assert!(!text.contains("s3cret"), "{text}");
}

/// The findings in all formats.
fn reports(findings: &[Finding], project: &Project) -> String {
    let mut out = Vec::new();
    for format in [Format::Text, Format::Json, Format::Sarif, Format::Github] {
        report::write(format, findings, project, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn reports_show_no_value_of_kongs_settings() {
    let container = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      \
                     containers:\n      - {name: proxy, image: kong, env: [{name: KONG_NGINX_MAIN_ENV, \
                     value: A=s3cret}, {name: B, value: s3cret}, {name: KONG_PG_PASSWORD, value: s3cret}]}\n";
    for (text, shown) in [
        ("wasm = on\nnginx_main_env = A=s3cret; env B ; env C=s3cret\n", "env B ; env C=******"),
        ("KONG_WASM=on\nKONG_NGINX_MAIN_ENV=\"A=s3cret;env B\"\n", "A=******;env B\""),
        ("pg_password = s3cret\nwasm_filters_path = /w\n", "pg_password = ******"),
        ("KONG_PG_PASSWORD=s3cret\nKONG_DATABASE=off\n", "KONG_PG_PASSWORD=******"),
        ("env: {pg_password: s3cret, wasm: \"off\"}\n", "pg_password: ******, wasm: \"off\""),
        (
            "env: {wasm: on, nginx_main_env: 'A=s3cret'}\ncustomEnv: {other: s3cret}\n",
            "customEnv: {other: ******}",
        ),
        (container, "KONG_PG_PASSWORD, value: ******"),
    ] {
        let kong = File::new("kong.yml", read("host-config/kong/kong.yml"));
        let project = Project::new(vec![kong, File::new("settings", text.to_owned())]);
        let findings = findings(&project, &Environment::default());
        assert!(findings.iter().any(|finding| finding.code.id == "NS301"), "{text}");
        let text = reports(&findings, &project);
        assert!(!text.contains("s3cret") && text.contains(shown), "{shown}\n{text}");
    }
}
