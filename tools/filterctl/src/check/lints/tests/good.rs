//! Plausible configurations have no findings.

use super::{Edit, changed, codes, shown};

const ALL: &str = "host-config/envoy/all.yaml";

fn assert_clean(paths: &[&str], edits: &[Edit]) {
    let findings = changed(paths, edits);
    assert!(codes(&findings).is_empty(), "{edits:?}: {:#?}", shown(&findings));
}

#[test]
fn limit_by_consumer_behind_jwt_auth() {
    let edits: &[Edit] = &[
        ("limit_by: ip", "limit_by: consumer"),
        (
            "uri_param_names: [token]",
            "credential_header: true\n                    uri_param_names: [token]",
        ),
    ];
    assert_clean(&[ALL], edits);
}

#[test]
fn claim_that_jwt_auth_passes_on() {
    let edits: &[Edit] = &[
        ("limit_by: ip", "limit_by: claim\n                    claim_name: org"),
        (
            "uri_param_names: [token]",
            "claims_to_attributes: [{claim: org, attribute: org}]\n                    uri_param_names: [token]",
        ),
    ];
    assert_clean(&[ALL], edits);
}
