//! Compares the expected with the observed.

use regex_lite::Regex;
use serde::Serialize;

use crate::{Expectation, Lines, UpstreamExpectation};

/// A request that reached the upstream.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The target: path and query.
    pub path: String,
    /// The header lines. Values are Latin-1.
    pub headers: Vec<(String, String)>,
}

/// The observed result of an exchange.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The status the client received.
    pub status: u16,
    /// The header lines the client received. Values are Latin-1.
    pub headers: Vec<(String, String)>,
    /// The body the client received.
    pub body: String,
    /// The requests the upstream received.
    pub upstream: Vec<Seen>,
    /// The decisions of the filters, in order: `jwt-auth:expired`. `None` if the host does not tell
    /// them.
    pub decisions: Option<Vec<String>>,
}

impl Observed {
    /// Lists every difference, one a line.
    pub fn differences(&self, expect: &Expectation) -> Vec<String> {
        let mut found = Vec::new();
        if self.status != expect.status {
            let (expected, got) = (expect.status, self.status);
            found.push(format!("status: expected {expected}, got {got} ({})", self.body));
        }
        compare(&mut found, "", &self.headers, &expect.headers, &expect.absent);
        self.compare_closed(&mut found, expect);
        if let Some(body) = &expect.body {
            compare_text(&mut found, "body", body, &self.body);
        }
        if let Some(upstream) = &expect.upstream {
            self.compare_upstream(&mut found, upstream);
        }
        if let Some(decisions) = &self.decisions {
            for expected in expect.decision.iter().filter(|name| !decisions.contains(name)) {
                let got = decisions.join(", ");
                found.push(format!("decision: expected {expected}, got {got}"));
            }
        }
        found
    }

    /// Lines with a closed name that are not expected.
    fn compare_closed(&self, found: &mut Vec<String>, expect: &Expectation) {
        let is_expected = |name: &str| expect.headers.0.iter().any(|(n, _)| same_name(n, name));
        for (name, value) in &self.headers {
            let is_closed = expect.closed.iter().any(|closed| covers(closed, name));
            if is_closed && !is_expected(name) {
                found.push(format!("header {name}: expected none, got {value:?}"));
            }
        }
    }

    fn compare_upstream(&self, found: &mut Vec<String>, expected: &UpstreamExpectation) {
        match (expected, &self.upstream[..]) {
            (UpstreamExpectation::NotCalled, []) => {}
            (UpstreamExpectation::NotCalled, seen) => {
                found.push(format!("upstream: expected no call, got {seen:?}"));
            }
            (UpstreamExpectation::Called(received), [seen]) => {
                if let Some(method) = &received.method {
                    compare_text(found, "upstream: method", method, &seen.method);
                }
                if let Some(path) = &received.path {
                    compare_text(found, "upstream: path", path, &seen.path);
                }
                let (headers, absent) = (&received.headers, &received.absent);
                compare(found, "upstream: ", &seen.headers, headers, absent);
            }
            (UpstreamExpectation::Called(_), seen) => {
                found.push(format!("upstream: expected one call, got {}", seen.len()));
            }
        }
    }
}

fn compare(
    found: &mut Vec<String>,
    place: &str,
    got: &[(String, String)],
    expected: &Lines,
    absent: &[String],
) {
    let lines_of = |name: &str| -> Vec<&str> {
        got.iter().filter(|(n, _)| same_name(n, name)).map(|(_, v)| &**v).collect()
    };
    for (name, expected) in expected.by_name() {
        let got = lines_of(name);
        let same = got.len() == expected.len()
            && expected.iter().zip(&got).all(|(expected, got)| is_as(expected, got));
        if !same {
            found.push(format!("{place}header {name}: expected {expected:?}, got {got:?}"));
        }
    }
    for name in absent {
        let got = lines_of(name);
        if !got.is_empty() {
            found.push(format!("{place}header {name}: expected none, got {got:?}"));
        }
    }
}

fn same_name(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

/// Whether `name` equals `closed`, or matches a `closed` that ends in `*`.
fn covers(closed: &str, name: &str) -> bool {
    match closed.strip_suffix('*') {
        Some(start) => name.get(..start.len()).is_some_and(|begin| same_name(begin, start)),
        None => same_name(closed, name),
    }
}

fn compare_text(found: &mut Vec<String>, what: &str, expected: &str, got: &str) {
    if !is_as(expected, got) {
        found.push(format!("{what}: expected {expected:?}, got {got:?}"));
    }
}

/// Whether `got` equals `expected`, or fully matches the pattern after `~`.
fn is_as(expected: &str, got: &str) -> bool {
    let Some(pattern) = expected.strip_prefix('~') else {
        return expected == got;
    };
    Regex::new(&format!("^(?s:{pattern})$")).is_ok_and(|regex| regex.is_match(got))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expectation(yaml: &str) -> Expectation {
        serde_yaml_ng::from_str(yaml).unwrap()
    }

    fn lines(lines: &[(&str, &str)]) -> Vec<(String, String)> {
        lines.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn accepts_expected_observations() {
        let seen = Seen {
            method: "GET".into(),
            path: "/a".into(),
            headers: lines(&[("x-user-id", "alice")]),
        };
        let observed = Observed {
            status: 401,
            headers: lines(&[("Vary", "Accept"), ("vary", "Origin"), ("x-n", "12")]),
            body: "{}".into(),
            upstream: vec![seen],
            decisions: Some(vec!["cors:allowed".into(), "jwt-auth:expired".into()]),
        };
        let expect = expectation(
            "{status: 401, headers: {vary: [Accept, Origin], x-n: '~[0-9]+'}, absent: [x-no],
              body: '{}', upstream: {path: /a, headers: {x-user-id: alice}, absent: [x-no]},
              decision: jwt-auth:expired}",
        );
        assert_eq!(observed.differences(&expect), [""; 0]);
    }

    #[test]
    fn reports_every_difference() {
        let observed = Observed {
            status: 200,
            headers: lines(&[("vary", "Accept"), ("x-no", "1"), ("x-n", "12a")]),
            body: "b".into(),
            upstream: vec![Seen::default()],
            decisions: Some(vec!["cors:allowed".into()]),
        };
        let expect = expectation(
            "{status: 401, headers: {vary: [Accept, Origin], x-n: '~[0-9]+', x-a: 1}, absent: [x-no],
              body: '{}', upstream: none, decision: [cors:allowed, jwt-auth:expired]}",
        );
        let found = observed.differences(&expect);
        assert_eq!(found.len(), 8, "{found:#?}");
    }

    #[test]
    fn rejects_unlisted_lines_of_closed_names() {
        let observed = Observed {
            status: 200,
            headers: lines(&[("Vary", "Origin"), ("x-a", "1"), ("X-B", "2"), ("y", "3")]),
            ..Observed::default()
        };
        let differences = |headers: &str| {
            let mut expect = expectation(headers);
            expect.closed = vec!["vary".into(), "x-*".into(), "y-*".into()];
            observed.differences(&expect)
        };
        assert_eq!(differences("{headers: {vary: Origin, x-a: 1, x-b: 2}}"), [""; 0]);
        assert_eq!(differences("{headers: {X-A: 1}}").len(), 2);
        assert_eq!(differences("{}").len(), 3);
    }

    #[test]
    fn rejects_unknown_keys() {
        for yaml in ["{statsu: 401}", "{upstream: {pth: /}}", "{upstream: nothing}"] {
            assert!(serde_yaml_ng::from_str::<Expectation>(yaml).is_err(), "{yaml}");
        }
    }
}
