//! What holds for every request. The checks know nothing of how the filters decide.

use novasphere_harness::client::Response;

use crate::{
    gateway::Gateway,
    head::Head,
    identities::{Identities, Identity},
    upstream::{Record, SECRET},
};

/// The path without authentication.
pub(crate) const HEALTH: &str = "/api/v1/healthz";

/// The headers that only the filters may set, besides the keep-inbound `x-client-type`.
const IDENTITY_HEADERS: [&str; 7] = [
    "x-user-id",
    "x-user-name",
    "x-consumer-id",
    "x-consumer-custom-id",
    "x-consumer-username",
    "x-credential-identifier",
    "x-anonymous-consumer",
];

/// Checks what the upstream received for a request. `sent` is the request with the record's number, or
/// the last one.
pub(crate) fn check_record(
    gateway: Gateway,
    identities: &Identities,
    sent: &Head,
    record: &Record,
) -> Result<(), String> {
    let found: Vec<(&str, &str)> = record.lines.iter().filter_map(identity_line).collect();
    if record.path() == HEALTH {
        return match found.first() {
            Some((name, value)) => Err(format!("the health check has {name}: {value:?}")),
            None => Ok(()),
        };
    }
    let subjects: Vec<&str> = record.values("x-user-id").collect();
    let possible = possible_identities(gateway, identities, sent, record.path());
    let [subject] = subjects[..] else {
        return Err(format!("the upstream got {} lines x-user-id: {subjects:?}", subjects.len()));
    };
    let Some(identity) = possible.into_iter().find(|identity| identity.subject == subject) else {
        return Err(format!(
            "no token of {subject:?} is in the request, which reached the upstream"
        ));
    };
    let expected = expected(gateway, identity);
    for (name, value) in &found {
        if !expected.iter().any(|(n, v)| n == name && v == value) {
            return Err(format!("the upstream got a forged {name}: {value:?}"));
        }
    }
    match expected
        .iter()
        .find(|(name, value)| found.iter().filter(|line| **line == (*name, value)).count() != 1)
    {
        Some((name, value)) => {
            Err(format!("the upstream did not get {name}: {value:?} once: {found:?}"))
        }
        None => check_client_type(identity, record),
    }
}

/// A claim overrides the client's header.
fn check_client_type(identity: &Identity, record: &Record) -> Result<(), String> {
    let types: Vec<&str> = record.values("x-client-type").collect();
    match identity.client_type.as_deref() {
        Some(claimed) if types != [claimed] => {
            Err(format!("the upstream got x-client-type {types:?} instead of {claimed:?}"))
        }
        _ => Ok(()),
    }
}

/// A line that an upstream could read as an identity: CGI and WSGI map all other characters to `_`.
fn identity_line((name, value): &(String, String)) -> Option<(&str, &str)> {
    let canonical = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let read: String = name.trim().chars().map(canonical).collect();
    IDENTITY_HEADERS.contains(&&*read).then_some((name, value))
}

/// The identities whose tokens are where the gateway may accept them.
fn possible_identities<'i>(
    gateway: Gateway,
    identities: &'i Identities,
    sent: &Head,
    path: &str,
) -> Vec<&'i Identity> {
    let mut possible = Vec::new();
    if gateway.accepts_query_token(path) {
        possible.extend(identities.within(&sent.target));
    }
    for (name, value) in &sent.lines {
        if gateway.token_headers().iter().any(|header| name.eq_ignore_ascii_case(header.as_bytes()))
        {
            possible.extend(identities.within(value));
        }
        // A line feed in a value starts another line.
        if [name, value].iter().any(|bytes| bytes.contains(&b'\n')) || name == b":path" {
            possible.extend(identities.within(value));
        }
    }
    possible
}

/// The identity headers of a request with this identity.
fn expected(gateway: Gateway, identity: &Identity) -> Vec<(&'static str, String)> {
    let name = identity.name.replace('é', "%C3%A9");
    let mut lines = vec![("x-user-id", identity.subject.clone()), ("x-user-name", name)];
    if gateway == Gateway::Options {
        lines.push(("x-consumer-id", "consumer-of-options".to_owned()));
        lines.push(("x-consumer-username", "user-of-options".to_owned()));
        lines.push(("x-credential-identifier", "novasphere-user".to_owned()));
    }
    lines
}

/// Whether the proxy itself responds so to such a request.
fn is_proxys_own(gateway: Gateway, sent: &Head, status: u16) -> bool {
    match status {
        // An unknown transfer coding (RFC 9112 section 6.1), or CONNECT.
        501 => !sent.values("transfer-encoding").is_empty() || sent.method == b"CONNECT",
        // Traefik does not pass on an upgrade to a protocol with other characters.
        500 => {
            let is_printable = |value: &[u8]| value.iter().all(|byte| matches!(byte, b' '..=b'~'));
            gateway == Gateway::Traefik
                && !sent.values("upgrade").iter().all(|value| is_printable(value))
        }
        _ => false,
    }
}

/// Checks what the client received.
pub(crate) fn check_response(
    gateway: Gateway,
    sent: &Head,
    marker: u64,
    response: &Response,
) -> Result<(), String> {
    let status = response.head.status;
    if status >= 500 && !is_proxys_own(gateway, sent, status) {
        return Err(format!("status {status}: {}", response.text()));
    }
    let body = response.text();
    if status == 200 && body.parse().is_ok_and(|number: u64| number != marker) && sent.is_clean() {
        return Err(format!("the response to request {body}"));
    }
    for (name, value) in &response.head.headers {
        if value.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()) {
            return Err(format!("the client got the upstream's {name}"));
        }
    }
    if gateway.is_complete() { check_cors(gateway, sent, response) } else { Ok(()) }
}

fn check_cors(gateway: Gateway, sent: &Head, response: &Response) -> Result<(), String> {
    let allowed = response.head.all("access-control-allow-origin");
    let credentials = response.head.all("access-control-allow-credentials");
    let origin = match &allowed[..] {
        [] if credentials.is_empty() => return Ok(()),
        [] => return Err("Access-Control-Allow-Credentials without an origin".to_owned()),
        [origin] => origin,
        more => return Err(format!("the response allows {} origins: {more:?}", more.len())),
    };
    let is_sent = sent.values("origin").iter().any(|value| value == origin.as_bytes());
    if !is_sent || !gateway.allows_origin(origin) {
        return Err(format!("the response allows the origin {origin:?}"));
    }
    let vary = response.head.all("vary").join(",").to_ascii_lowercase();
    match vary.split(',').any(|name| name.trim() == "origin") {
        true => Ok(()),
        false => Err(format!("Vary lacks Origin: {vary:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Version;

    fn record(target: &str, lines: &[(&str, &str)]) -> Record {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Record {
            method: "GET".to_owned(),
            target: target.to_owned(),
            lines: lines.iter().map(own).collect(),
        }
    }

    const WUKONGS: &str = "/api/v1/wukongs";

    #[test]
    fn only_a_sent_token_explains_an_identity() {
        let identities = Identities::new().unwrap();
        let mut sent = Head::get(Version::Http1, WUKONGS);
        let check = |sent: &Head, target: &str, lines: &[(&str, &str)]| {
            check_record(Gateway::Gateway, &identities, sent, &record(target, lines))
        };
        let subject = [("x-user-id", "subject-0"), ("x-user-name", "Name 0 %C3%A9")];
        check(&sent, WUKONGS, &subject).unwrap_err();
        sent.line("authorization", format!("Bearer {}", identities.good[0].token));
        check(&sent, WUKONGS, &subject).unwrap();
        check(&sent, WUKONGS, &subject[..1]).unwrap_err();
        check(&sent, WUKONGS, &[]).unwrap_err();
        check(&sent, WUKONGS, &[("x-user-id", "subject-1")]).unwrap_err();
        check(&sent, WUKONGS, &[("x-user-id", "root"), subject[1]]).unwrap_err();
        check(&sent, WUKONGS, &[subject[0], subject[1], ("x.user.id", "root")]).unwrap_err();
        check(&sent, WUKONGS, &[subject[0], subject[1], ("x-consumer-id", "1")]).unwrap_err();
        check(&sent, HEALTH, &subject).unwrap_err();
        check(&sent, HEALTH, &[("x-other", "1")]).unwrap();
    }

    #[test]
    fn response_allows_only_the_sent_origin() {
        let mut sent = Head::get(Version::Http1, WUKONGS);
        sent.line("origin", "https://app.novasphere.io");
        sent.line("origin", "https://evil.example");
        let check = |lines: &[(&str, &str)]| {
            let mut response = Response::default();
            response.head.status = 200;
            let lines =
                lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
            response.head.headers = lines.collect();
            check_response(Gateway::Gateway, &sent, 1, &response)
        };
        let vary = ("vary", "accept, Origin");
        let name = "access-control-allow-origin";
        check(&[(name, "https://app.novasphere.io"), vary]).unwrap();
        check(&[]).unwrap();
        check(&[(name, "https://app.novasphere.io")]).unwrap_err();
        check(&[(name, "https://a.novasphere.io"), vary]).unwrap_err();
        check(&[(name, "https://evil.example"), vary]).unwrap_err();
        check(&[("access-control-allow-credentials", "true")]).unwrap_err();
        check(&[("x-powered-by", SECRET)]).unwrap_err();
    }
}
