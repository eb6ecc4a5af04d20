//! [`Sent`]: requests through a configuration.

use anyhow::{Context, Result, bail};
use filterctl::{
    explain::{self, Report, Routed},
    found::Project,
};
use novasphere_cases::latin1;
use novasphere_explain::{
    Chain, Explanation, Facts, Input, Line, ProxyKind, Request, Response, Setup as ChainSetup,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::setup::Setup;

/// A proxy with its filters.
#[derive(Debug)]
pub(crate) struct Sent {
    project: Project,
    proxy: ProxyKind,
    chain: Chain,
}

/// A request and the upstream's response. All texts are Latin-1: each character is a byte.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sending {
    method: String,
    target: String,
    host: String,
    scheme: String,
    headers: Vec<(String, String)>,
    client_address: String,
    /// The names of the route and of the upstream service. Null for none.
    route: Option<String>,
    service: Option<String>,
    /// The time, in milliseconds since the epoch.
    millis: u64,
    upstream: Upstream,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Upstream {
    status: u16,
    headers: Vec<(String, String)>,
}

impl Sent {
    /// Loads the filters.
    ///
    /// # Errors
    /// The faults, if the filter rejects its configuration.
    pub(crate) fn new(setup: &str) -> Result<Self> {
        let setup = Setup::parse(setup)?;
        let project = setup.project()?;
        let found: Vec<_> = project.filters.iter().collect();
        let proxy = setup.proxy()?;
        let chain = Chain::new(ChainSetup {
            proxy,
            filters: explain::configured(&found),
            environment: setup.environment(&project)?,
            keys: setup.key_sets()?,
            redis: !setup.redis_down,
        });
        match chain {
            Ok(chain) => Ok(Self { project, proxy, chain }),
            Err(rejected) => bail!(explain::rejection(&rejected, &found)),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    /// If it has the wrong form.
    pub(crate) fn send(&mut self, request: &str) -> Result<Value> {
        let sending: Sending = serde_json::from_str(request).context("request")?;
        let input = sending.input()?;
        let explanation = self.chain.send(&input);
        let report = Report {
            proxy: self.proxy,
            routed: &Routed::default(),
            input: &input,
            explanation: &explanation,
            mask: &explain::mask(&self.project, &input),
            assumed: self.chain.assumed_variables(),
        };
        let mut value = explain::json_value(&report);
        let steps = value.get_mut("steps").and_then(Value::as_array_mut);
        for (step, own) in steps.into_iter().flatten().zip(&explanation.steps) {
            if let (Some(text), Some(step)) =
                (explain::decision_text(own.filter, own.reason), step.as_object_mut())
            {
                step.insert("meaning".to_owned(), text.meaning.into());
            }
        }
        if let Some(members) = value.as_object_mut() {
            members.insert("exact".to_owned(), exact(&explanation));
        }
        Ok(value)
    }
}

impl Sending {
    fn input(self) -> Result<Input> {
        let mut request = Request::new("", "", "");
        request.method = latin1::bytes(&self.method)?;
        request.target = latin1::bytes(&self.target)?;
        request.authority = latin1::bytes(&self.host)?;
        request.scheme = latin1::bytes(&self.scheme)?;
        request.headers = lines(&self.headers)?;
        let upstream = Response {
            status: self.upstream.status,
            headers: lines(&self.upstream.headers)?,
            body: Vec::new(),
        };
        let address = &self.client_address;
        let form =
            || format!("client address: expected an IP address such as 192.0.2.1, got {address:?}");
        let facts = Facts {
            millis: self.millis,
            client_address: Some(address.parse().ok().with_context(form)?),
            route: self.route,
            service: self.service,
        };
        Ok(Input { request, upstream, facts, used: Vec::new() })
    }
}

fn lines(lines: &[(String, String)]) -> Result<Vec<Line>> {
    let line = |(name, value): &(String, String)| {
        Ok((latin1::bytes(&name.to_ascii_lowercase())?, latin1::bytes(value)?))
    };
    lines.iter().map(line).collect()
}

/// The messages without masks, for the user's own eyes: a Latin-1 character for each byte.
fn exact(explanation: &Explanation) -> Value {
    let lines = |lines: &[Line]| -> Vec<[String; 2]> {
        lines.iter().map(|(name, value)| [latin1::text(name), latin1::text(value)]).collect()
    };
    let upstream = explanation.upstream.as_ref().map(|request| {
        json!({
            "method": latin1::text(&request.method),
            "target": latin1::text(&request.target),
            "headers": lines(&request.headers),
        })
    });
    let response = &explanation.response;
    json!({
        "upstream": upstream,
        "status": response.status,
        "headers": lines(&response.headers),
        "body": String::from_utf8_lossy(&response.body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(filter: &str, text: &str) -> Sent {
        let setup = json!({"filter": filter, "proxy": "envoy", "text": text});
        Sent::new(&setup.to_string()).unwrap()
    }

    fn request(headers: Value) -> String {
        json!({
            "method": "GET", "target": "/api", "host": "api.test", "scheme": "https",
            "headers": headers, "client_address": "192.0.2.1", "route": null,
            "service": null, "millis": 1_709_213_862_000_u64,
            "upstream": {"status": 200, "headers": []},
        })
        .to_string()
    }

    #[test]
    fn counts_stay_in_the_session() {
        let mut session = session("rate-limit", "minute: 2");
        let statuses =
            [(); 3].map(|()| session.send(&request(json!([]))).unwrap()["status"].clone());
        assert_eq!(statuses, [200, 200, 429].map(Value::from));
    }

    #[test]
    fn bytes_reach_the_filter_as_sent() {
        let mut session = session("header-transform", "request: {rename: {headers: [X-A:X-B]}}");
        let sent = session.send(&request(json!([["X-A", "\u{e9}"]]))).unwrap();
        assert_eq!(sent["exact"]["upstream"]["headers"], json!([["x-b", "\u{e9}"]]));
    }

    #[test]
    fn credentials_are_masked_in_the_explanation_only() {
        let config = "credentials: [{key: a, secret: {env: KEY}}]";
        let mut session = session("jwt-auth", config);
        let sent = session.send(&request(json!([["Authorization", "Bearer x"]]))).unwrap();
        assert_eq!(
            (&sent["status"], &sent["decision"]["filter"]),
            (&json!(401), &json!("jwt-auth"))
        );
        assert!(!sent["steps"].to_string().contains("Bearer x"), "{sent}");
        assert!(sent["steps"][0]["meaning"].is_string(), "{sent}");
    }

    #[test]
    fn rejected_configuration_is_an_error() {
        let setup = json!({"filter": "cors", "proxy": "envoy", "text": "origin: x"});
        let error = Sent::new(&setup.to_string()).unwrap_err().to_string();
        assert!(error.contains("origins"), "{error}");
    }
}
