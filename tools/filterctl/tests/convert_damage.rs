//! `filterctl convert` over damaged inputs: no panic, no secret in output or report, and outputs
//! that `filterctl check` accepts.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{fs, path::Path};

use filterctl::{
    check,
    convert::{Source, Target, convert},
    found::Project,
    source::{File, Reader},
};
use novasphere_explain::Environment;
use proptest::{prelude::*, test_runner::RngSeed};
use serde_json::{Value, json};

const SOURCES: [Source; 6] = [
    Source::Kong,
    Source::Kic,
    Source::Traefik,
    Source::Envoy,
    Source::Istio,
    Source::EnvoyGateway,
];

const TARGETS: [Target; 4] = [Target::Envoy, Target::Kong, Target::EnvoyGateway, Target::Traefik];

/// The documents of all cases, as JSON.
fn documents() -> Vec<Vec<Value>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/convert");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    paths.sort();
    let mut all = Vec::new();
    for case in paths {
        let mut documents = Vec::new();
        for entry in fs::read_dir(case).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with("in") {
                let file = File::new("in", fs::read_to_string(path).unwrap());
                documents.extend(file.documents.iter().map(|node| Reader::Yaml.value(node)));
            }
        }
        all.push(documents);
    }
    all
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum::<usize>(),
        _ => 0,
    }
}

/// Replaces the value number `index` in depth-first order.
fn replace(value: &mut Value, index: &mut usize, new: &Value) {
    if *index == 0 {
        *value = new.clone();
        *index = usize::MAX;
        return;
    }
    *index = index.saturating_sub(1);
    let children: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        Value::Object(members) => members.values_mut().collect(),
        _ => Vec::new(),
    };
    for child in children {
        if *index == usize::MAX {
            return;
        }
        replace(child, index, new);
    }
}

fn damage() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(json!([])),
        Just(json!({})),
        Just(json!(true)),
        Just(json!(["*"])),
        (-2..5_i64).prop_map(|number| json!(number)),
        "[ -~]{0,10}".prop_map(|text| json!(text)),
        Just(json!("/")),
        Just(json!(99_999_999_999_i64)),
    ]
}

proptest! {
    // A fixed seed: a rare case must not fail the build of an unrelated change.
    #![proptest_config(ProptestConfig {
        cases: 400,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(400),
        ..ProptestConfig::default()
    })]

    #[test]
    fn damaged_files_convert_without_secrets(
        case in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4),
        target in prop::sample::select(TARGETS.to_vec()),
        source in prop::option::weighted(0.1, prop::sample::select(SOURCES.to_vec())),
    ) {
        let all = documents();
        let mut documents = case.get(&all).clone();
        for (index, new) in changes {
            let mut index = index.index(documents.iter().map(count).sum::<usize>().max(1));
            for document in &mut documents {
                if index != usize::MAX {
                    replace(document, &mut index, &new);
                }
            }
        }
        let text: Vec<String> = documents.iter().map(Value::to_string).collect();
        let project = Project::new(vec![File::new("in", text.join("\n---\n"))]);
        let environment = Environment { assume_missing: true, ..Environment::default() };
        let sources = source.map_or(SOURCES.to_vec(), |source| vec![source]);
        for source in sources {
            let Ok(conversion) = convert(source, target, &project) else { continue };
            let mut report = Vec::new();
            conversion.report.write(&project, &mut report).unwrap();
            let shown = format!("{}{}", conversion.text, String::from_utf8(report).unwrap());
            for secret in ["DO-NOT-SHOW", "RE8tTk9U", "your-jwt-secret-key"] {
                prop_assert!(!shown.contains(secret), "{secret} in {shown}");
            }
            let output = Project::new(vec![File::new("out", conversion.text.clone())]);
            prop_assert!(output.files[0].error.is_none(), "{}", conversion.text);
            if output.filters.is_empty() {
                continue;
            }
            let findings = check::findings(&output, &environment);
            let errors = findings.iter().filter(|f| check::has_errors(std::slice::from_ref(f)));
            // A cluster that the damaged input lacks is not in the output, either.
            let errors = errors.filter(|finding| finding.code.id != "NS201");
            let errors: Vec<&str> = errors.map(|finding| finding.message.as_str()).collect();
            prop_assert!(errors.is_empty(), "{errors:?}\n{}", conversion.text);
        }
    }
}
