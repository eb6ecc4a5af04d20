//! The shipped files have no findings.

use std::fs;

use super::{check, codes, is_complaint, read, root};

fn assert_clean(paths: &[String]) {
    let files = paths.iter().map(|path| (path.clone(), read(path))).collect();
    let findings = check(files);
    let complaints: Vec<String> = findings
        .iter()
        .filter(is_complaint)
        .map(|finding| format!("{} {}", finding.code.id, finding.message))
        .collect();
    assert!(complaints.is_empty(), "{paths:?}: {complaints:#?}");
}

/// The files of a folder with one of these extensions.
fn files(folder: &str, extensions: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| extensions.iter().any(|e| name.ends_with(e)))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn files_of_envoy_and_kong_are_clean() {
    let single = files("host-config/envoy", &[".yaml"])
        .into_iter()
        .chain(
            ["kong", "gateway", "plugins", "separate-plugins"]
                .map(|n| format!("host-config/kong/{n}.yml")),
        )
        .chain(["deploy/envoy/envoy.yaml".to_owned(), "deploy/kong/kong.yml".to_owned()]);
    for path in single {
        assert_clean(std::slice::from_ref(&path));
        if path.contains("kong") {
            let folder = path.rsplit_once('/').unwrap().0;
            for settings in files(folder, &[".conf", ".env"]) {
                assert_clean(&[path.clone(), settings]);
            }
        }
    }
}

#[test]
fn folders_are_clean() {
    let mut folders = vec!["host-config/traefik".to_owned()];
    for name in ["envoy", "envoy-gateway", "istio", "kong", "kong-ingress", "traefik"] {
        folders.push(format!("deploy/{name}"));
    }
    for folder in folders {
        assert_clean(&files(&folder, &[".yaml", ".yml", ".conf", ".env"]));
    }
}

/// Blocks that show a part of a file have no filters, or no host around them.
#[test]
fn blocks_of_documents_are_clean() {
    let documents = [
        "README.md",
        "deploy/README.md",
        "deploy/kong-ingress/README.md",
        "docs/reference/gateway.md",
        "docs/reference/jwt-auth.md",
        "docs/reference/rate-limit.md",
        "host-config/envoy/README.md",
        "host-config/kong/README.md",
        "host-config/traefik/README.md",
    ];
    let mut checked = 0;
    for path in documents {
        for (n, block) in blocks(&read(path)).into_iter().enumerate() {
            // What the controller generates for a plugin, not a configuration of filters.
            if block.contains("config: {cors: {}, jwt_auth: {}") {
                continue;
            }
            let findings = check(vec![(format!("{path}#{n}"), block)]);
            if codes(&findings) == ["NS002"] {
                continue;
            }
            checked += 1;
            let complaints: Vec<&str> = findings
                .iter()
                .filter(is_complaint)
                .map(|finding| finding.message.as_str())
                .collect();
            assert!(complaints.is_empty(), "{path}, block {n}: {complaints:#?}");
        }
    }
    assert!(checked > 2, "{checked} blocks with filters");
}

fn blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for line in text.lines() {
        let content = line.trim_start();
        open = match open {
            None => (content == "```yaml").then(|| (line.len() - content.len(), String::new())),
            Some((_, block)) if content == "```" => {
                blocks.push(block);
                None
            }
            Some((indentation, block)) => {
                let line = line.get(indentation..).unwrap_or_default();
                Some((indentation, block + line + "\n"))
            }
        };
    }
    blocks
}
