//! Bad changes of shipped files, and small bad files. Each has the finding of exactly one code.

mod chain;
mod envoy;
mod kong;
mod kubernetes;
mod traefik;

use super::{Edit, changed, check, codes, shown};
use crate::finding;

/// A code, shipped files, and the changes that make them bad.
type Bad = (&'static str, &'static [&'static str], &'static [Edit]);

/// The tables of all hosts.
const ALL: [&[Bad]; 4] = [envoy::CHANGES, kong::CHANGES, kubernetes::CHANGES, traefik::CHANGES];

#[test]
fn changes_have_exactly_their_code() {
    let mut wrong = Vec::new();
    for (code, paths, edits) in ALL.into_iter().flatten() {
        let findings = changed(paths, edits);
        if codes(&findings) != [*code] {
            wrong.push(format!("{code} {edits:?}: {:#?}", shown(&findings)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn small_files_have_exactly_their_code() {
    for (code, filters) in chain::CHAINS {
        let findings = check(vec![("x.yaml".to_owned(), chain::policy(filters))]);
        assert_eq!(codes(&findings), [*code], "{filters:?}: {:#?}", shown(&findings));
    }
}

#[test]
fn every_code_has_a_sample() {
    let covered: Vec<&str> = ALL
        .into_iter()
        .flatten()
        .map(|(code, ..)| *code)
        .chain(chain::CHAINS.iter().map(|(code, _)| *code))
        .collect();
    for code in finding::all().into_iter().filter(|code| code.id >= "NS100") {
        assert!(covered.contains(&code.id), "{} has no sample", code.id);
    }
}
