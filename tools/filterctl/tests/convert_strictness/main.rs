//! `filterctl convert` over generated files: no request that the source rejects passes the output.
//!
//! - `envoy`, `istio`, `envoy_gateway`: files of one format, and a plain model of their verdicts;
//! - `output`: the verdicts of outputs.

// Clippy permits these in test functions, but not in the functions that they call.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use filterctl::{
    convert::{Source, Target, convert},
    found::Project,
    source::File,
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};

mod envoy;
mod envoy_gateway;
mod istio;
mod output;

/// A request.
#[derive(Clone, Debug)]
struct Request {
    host: &'static str,
    method: &'static str,
    path: &'static str,
    /// The issuer of its token: `x`, `y` or an unknown one.
    issuer: Option<&'static str>,
    /// Whether the client is inside of 10.0.0.0/8.
    is_inside: bool,
    /// Whether it has the header `x-kind: a`.
    has_header: bool,
}

/// Paths of conditions and of requests.
const PATHS: [&str; 6] = ["/", "/a", "/a/", "/a/b", "/ab", "/c"];

/// Requests of all kinds.
fn requests() -> Vec<Request> {
    let mut requests = Vec::new();
    for host in ["a.io", "b.io"] {
        for path in PATHS {
            for method in ["GET", "HEAD"] {
                for issuer in [None, Some("x"), Some("y"), Some("z")] {
                    for (is_inside, has_header) in [(true, false), (false, true)] {
                        let request = Request { host, method, path, issuer, is_inside, has_header };
                        requests.push(request);
                    }
                }
            }
        }
    }
    requests
}

/// A file, and the model of its verdicts: whether the upstream gets a request.
trait Model: std::fmt::Debug {
    fn text(&self) -> String;
    fn passes(&self, request: &Request) -> bool;
}

/// Converts generated files, and compares the verdicts. Returns how many requests pass.
fn compare<M: Model>(source: Source, target: Target, files: &BoxedStrategy<M>) -> usize {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let requests = requests();
    let mut passed = 0;
    for _ in 0..40 {
        let model = files.new_tree(&mut runner).unwrap().current();
        let text = model.text();
        let project = Project::new(vec![File::new("in.yaml", text.clone())]);
        let conversion = convert(source, target, &project).unwrap();
        let mut output = output::Output::new(target, &conversion.text);
        for request in &requests {
            let passes = output.passes(request);
            passed += usize::from(passes);
            assert!(
                !passes || model.passes(request),
                "{request:?} passes {target:?}\n{text}\n---\n{}\n{:#?}",
                conversion.text,
                conversion.report.entries
            );
        }
    }
    passed
}

/// All targets with routes.
fn compare_all<M: Model>(source: Source, files: &BoxedStrategy<M>) {
    for target in [Target::Envoy, Target::Kong, Target::EnvoyGateway, Target::Traefik] {
        let passed = compare(source, target, files);
        assert!(passed > 300, "{target:?}: only {passed} requests pass, so nothing is compared");
    }
}

#[test]
fn envoy_outputs_reject_what_envoy_rejects() {
    compare_all(Source::Envoy, &envoy::files());
}

#[test]
fn istio_outputs_reject_what_istio_rejects() {
    compare_all(Source::Istio, &istio::files());
}

#[test]
fn envoy_gateway_outputs_reject_what_envoy_gateway_rejects() {
    compare_all(Source::EnvoyGateway, &envoy_gateway::files());
}
