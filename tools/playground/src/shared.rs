//! The state of the page for a link: without credentials.

use anyhow::{Context, Result};
use filterctl::{
    explain::{self, HIDDEN, Mask, TOKEN},
    report,
};
use novasphere_explain::{Facts, Input, Line, Request, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::setup::Setup;

/// A configuration and a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sharing {
    setup: Setup,
    url: String,
    headers: Vec<(String, String)>,
    upstream_headers: Vec<(String, String)>,
    /// Further texts, such as the claims of the token.
    texts: Vec<Option<String>>,
}

/// The same without secrets, tokens, headers with credentials, and user information of URLs.
pub(crate) fn shareable(sharing: &str) -> Result<Value> {
    let sharing: Sharing = serde_json::from_str(sharing).context("state")?;
    let project = sharing.setup.project()?;
    let mask = explain::mask(&project, &sharing.input());
    let texts = sharing.texts.iter().map(|text| text.as_deref().map(|text| visible(text, &mask)));
    Ok(json!({
        "text": visible(&report::masked_yaml(0, &project), &mask),
        "url": without_marks(&mask.url(&sharing.url)),
        "headers": lines(&sharing.headers, &mask),
        "upstream_headers": lines(&sharing.upstream_headers, &mask),
        "texts": texts.collect::<Vec<_>>(),
    }))
}

impl Sharing {
    /// The request, whose credentials may also be in other texts.
    fn input(&self) -> Input {
        let mut request = Request::new("GET", &self.url, "");
        request.headers = bytes(&self.headers);
        let mut upstream = Response::new(200);
        upstream.headers = bytes(&self.upstream_headers);
        Input { request, upstream, facts: Facts::default(), used: Vec::new() }
    }
}

fn bytes(lines: &[(String, String)]) -> Vec<Line> {
    let line = |(name, value): &(String, String)| {
        (name.trim().to_ascii_lowercase().into_bytes(), value.trim().as_bytes().to_vec())
    };
    lines.iter().map(line).collect()
}

/// All lines except credentials.
fn lines(lines: &[(String, String)], mask: &Mask) -> Vec<(String, String)> {
    let is_shown =
        |(name, _): &&(String, String)| !mask.is_secret_header(&name.trim().to_ascii_lowercase());
    let line = |(name, value): &(String, String)| (name.clone(), visible(value, mask));
    lines.iter().filter(is_shown).map(line).collect()
}

/// The text without its credentials. It keeps tabs and carriage returns, which the mask replaces.
fn visible(text: &str, mask: &Mask) -> String {
    let parts = text.split_inclusive(['\t', '\r']).map(|part| {
        let text = part.trim_end_matches(['\t', '\r']);
        format!("{}{}", mask.text(text), part.get(text.len()..).unwrap_or_default())
    });
    without_marks(&parts.collect::<String>())
}

fn without_marks(masked: &str) -> String {
    masked.replace(&format!("{HIDDEN}@"), "").replace(HIDDEN, "").replace(TOKEN, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln";

    fn shared(text: &str, url: &str, headers: &[(&str, &str)], texts: &[Option<&str>]) -> Value {
        let setup = json!({"filter": "jwt-auth", "proxy": "envoy", "text": text});
        let state = json!({
            "setup": setup, "url": url, "headers": headers,
            "upstream_headers": [["Set-Cookie", "session=opaque-9"], ["Server", "x"]],
            "texts": texts,
        });
        shareable(&state.to_string()).unwrap()
    }

    #[test]
    fn configuration_has_stars_for_secrets() {
        let text = "credentials: [{key: a, secret: 0123456789abcdef0123456789abcdef}]";
        let expected = format!("credentials: [{{key: a, secret: \"{}\"}}]", "*".repeat(32));
        assert_eq!(shared(text, "/", &[], &[])["text"], expected);
        let key = "-----BEGIN PRIVATE KEY-----\n  MC4CAQ\n  -----END PRIVATE KEY-----";
        let text = format!("#   secret: |\n#     c\na: 1 # secret: b\npublic_key: \"{key}\"\n");
        let stars = format!("{}\n  ******\n  {}", "*".repeat(27), "*".repeat(25));
        let expected =
            format!("#   secret:**\n#     *\na: 1 # secret:**\npublic_key: \"{stars}\"\n");
        assert_eq!(shared(&text, "/", &[], &[])["text"], expected);
        let json = "{\r\n\t\"leeway\": 5}";
        assert_eq!(shared(json, "/", &[], &[])["text"], json);
    }

    #[test]
    fn filter_accepts_shared_configurations() {
        let secret = "0123456789abcdef0123456789abcdef";
        for text in [
            format!("credentials: [{{key: a, secret: {secret}}}]"),
            format!("credentials:\n- key: a\n  secret: {secret}\n"),
            format!("credentials:\n- key: a\n  secret: '{secret}'\n"),
            format!("credentials:\n- key: a\n  secret: |\n    {secret}\n"),
            format!("credentials:\n- key: a\n  secret: |-\n    {secret}\n"),
            format!(r#"{{"credentials": [{{"key": "a", "secret": "{secret}"}}]}}"#),
        ] {
            let shared = shared(&text, "/", &[], &[]);
            let shared = shared["text"].as_str().unwrap();
            assert!(!shared.contains(secret), "{shared}");
            let setup = json!({"filter": "jwt-auth", "proxy": "envoy", "text": shared});
            let checked = crate::checked::check(&setup.to_string()).unwrap();
            assert_eq!(checked["accepted"], true, "{shared}: {checked}");
        }
    }

    #[test]
    fn url_has_no_user_information_and_no_token() {
        for (url, expected) in [
            ("https://alice:s3cret@a.example/x?y=1", "https://a.example/x?y=1"),
            ("https://alice@a.example:8443", "https://a.example:8443"),
            ("https://a:b@c@a.example/@me", "https://a.example/@me"),
            ("alice:s3cret@a.example/x@y", "a.example/x@y"),
            ("alice@a.example", "a.example"),
            ("//alice:s3cret@a.example/x", "//a.example/x"),
            ("https:alice:s3cret@a.example?x=@", "a.example?x=@"),
            ("https:/alice:s3cret@a.example/x", "https:/a.example/x"),
            ("https:\\\\alice:s3cret@a.example", "a.example"),
            ("a.example/alice@b.example", "a.example/alice@b.example"),
            ("/alice@b.example", "/alice@b.example"),
            (&format!("/a?token={JWT}&x=1"), "/a?token=&x=1"),
            ("/a?access_token=opaque-1#x", "/a?access_token=#x"),
            ("/a?api%5Fkey=opaque-1", "/a?api%5Fkey="),
            ("/a?code=opaque-1;t=2", "/a?code=;t=2"),
            ("https://a:it's@a.example/?code=it's|1&x='", "https://a.example/?code=&x='"),
            (&format!("/a/{JWT}/b"), "/a//b"),
            (&format!("/a/{JWT}.a-b.c_d"), "/a/"),
        ] {
            assert_eq!(shared("{}", url, &[], &[])["url"], expected, "{url}");
        }
    }

    #[test]
    fn headers_with_credentials_are_left_out() {
        let credentials = [
            ("Authorization", "Basic YTpi"),
            ("proxy-authorization", "Bearer opaque-2"),
            ("Cookie", "session=opaque-3"),
            ("X-Access-Token", "opaque-4"),
            ("X-Api-Key", "opaque-5"),
            ("DPoP", "opaque-6"),
            ("Sec-WebSocket-Protocol", "bearer.opaque-7"),
            ("X-Ours", "opaque-8"),
            ("Referer", "https://a:b@a.example/?token=opaque-8"),
            ("X-Copy", "is opaque-4"),
            ("X-Jwt", JWT),
            ("Access-Control-Request-Headers", "X-Access-Token"),
        ];
        let value = shared("header_names: [X-Ours]", "/", &credentials, &[]);
        let expected = json!([
            ["Referer", "https://a.example/?token="],
            ["X-Copy", "is "],
            ["X-Jwt", ""],
            ["Access-Control-Request-Headers", "X-Access-Token"],
        ]);
        assert_eq!(value["headers"], expected);
        assert_eq!(value["upstream_headers"], json!([["Server", "x"]]));
    }

    #[test]
    fn other_texts_have_no_token() {
        let claims = format!(r#"{{"sub": "a", "act": "{JWT}"}}"#);
        let value = shared("{}", "/", &[], &[Some(&claims), None]);
        assert_eq!(value["texts"], json!([r#"{"sub": "a", "act": ""}"#, null]));
    }
}
