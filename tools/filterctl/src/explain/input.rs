//! The request, from the options.

use std::{fs, io::Read, net::IpAddr};

use anyhow::{Context, Result, bail};
use novasphere_explain::{Facts, Input, KeySets, Line, Request, Response};

use crate::clock;

/// The request and everything around it, as options.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RequestArgs {
    /// The name of the route. Default: the route that Host, path and method select.
    #[arg(long, value_name = "NAME")]
    pub route: Option<String>,
    /// The method and the path of the request, or the path alone.
    #[arg(long, value_name = "METHOD PATH", default_value = "GET /")]
    request: String,
    /// A header of the request: `Name: value`. Default for Host: the first domain of the routes.
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    headers: Vec<String>,
    /// A token for the header Authorization. Other users of the machine can see it: prefer
    /// --token-file.
    #[arg(long, value_name = "TOKEN", conflicts_with = "token_file")]
    token: Option<String>,
    /// A file with the token. `-` reads the standard input.
    #[arg(long, value_name = "FILE")]
    token_file: Option<String>,
    /// A key set (JWKS) for the issuers in jwks, or for one of them: `https://id.example=FILE`.
    #[arg(long, value_name = "[ISSUER=]FILE")]
    jwks: Vec<String>,
    /// The time of the request: seconds since 1970, 2024-02-29T13:37:42Z, now+600. Default: now.
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// The requests that count as used before: of a window (`minute=17`), of a rule or limit
    /// (`login=5`), or of both (`login.minute=5`).
    #[arg(long = "count", value_name = "NAME=NUMBER")]
    counts: Vec<String>,
    /// The client's address, as the proxy determines it.
    #[arg(long, value_name = "ADDRESS", default_value = "192.0.2.1")]
    client_ip: Option<IpAddr>,
    /// The status of the upstream's response.
    #[arg(long, value_name = "STATUS", default_value = "200")]
    upstream_status: Option<u16>,
    /// A header of the upstream's response: `Name: value`.
    #[arg(long = "upstream-header", value_name = "NAME: VALUE")]
    upstream_headers: Vec<String>,
    /// Redis cannot be reached. Default: it counts.
    #[arg(long)]
    redis_down: bool,
}

/// The request with its keys.
#[derive(Debug)]
pub struct Prepared {
    /// The request. Its authority is empty without a Host header.
    pub input: Input,
    /// The keys of issuers.
    pub keys: KeySets,
    /// Whether Redis can be reached.
    pub redis: bool,
}

impl RequestArgs {
    /// Reads the files, and checks the options.
    ///
    /// # Errors
    /// If a file cannot be read, or an option has the wrong form.
    pub fn prepare(&self) -> Result<Prepared> {
        let (method, target) = match self.request.split_once(' ') {
            Some((method, target)) => (method, target.trim()),
            None => ("GET", self.request.as_str()),
        };
        if !target.starts_with('/') && target != "*" {
            // A query may contain a token.
            let got = self.request.split('?').next().unwrap_or_default();
            bail!("--request: expected a method and a path, as in 'GET /api/v1/x', got {got:?}");
        }
        let mut headers: Vec<Line> =
            self.headers.iter().map(|h| line("--header", h)).collect::<Result<_>>()?;
        let host = headers.iter().find(|(name, _)| name == b"host").map(|(_, value)| value.clone());
        headers.retain(|(name, _)| name != b"host");
        if let Some(token) = self.token()? {
            headers.push((b"authorization".to_vec(), format!("Bearer {token}").into_bytes()));
        }
        let mut request = Request::new(method, target, "");
        request.authority = host.unwrap_or_default();
        request.headers = headers;
        let now = clock::now_millis();
        let time = self.time.as_deref().map(|time| clock::parse(time, now).context("--time"));
        let upstream = self.upstream_headers.iter().map(|h| line("--upstream-header", h));
        let facts = Facts {
            millis: time.transpose()?.unwrap_or(now),
            client_address: self.client_ip,
            route: None,
            service: None,
        };
        let response = Response {
            status: self.upstream_status.unwrap_or(200),
            headers: upstream.collect::<Result<_>>()?,
            body: Vec::new(),
        };
        let used = self.counts.iter().map(|entry| count(entry)).collect::<Result<_>>()?;
        Ok(Prepared {
            input: Input { request, upstream: response, facts, used },
            keys: KeySets { given: key_sets(&self.jwks)?, assume_missing: true },
            redis: !self.redis_down,
        })
    }

    fn token(&self) -> Result<Option<String>> {
        let text = match (&self.token, self.token_file.as_deref()) {
            (Some(token), _) => token.clone(),
            (None, Some("-")) => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).context("standard input")?;
                text
            }
            (None, Some(path)) => fs::read_to_string(path).with_context(|| path.to_owned())?,
            (None, None) => return Ok(None),
        };
        let text = text.trim();
        let bare = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        Ok(Some(bare.map_or(text, |(_, token)| token.trim()).to_owned()))
    }
}

/// The key sets of `[ISSUER=]FILE` options.
///
/// # Errors
/// If a file cannot be read.
pub fn key_sets(options: &[String]) -> Result<Vec<(Option<String>, Vec<u8>)>> {
    let key_set = |entry: &String| {
        let (issuer, path) = match entry.rsplit_once('=') {
            Some((issuer, path)) => (Some(issuer.to_owned()), path),
            None => (None, entry.as_str()),
        };
        let text = fs::read(path).with_context(|| format!("--jwks {path}"))?;
        Ok((issuer, text))
    };
    options.iter().map(key_set).collect()
}

/// A header line.
fn line(option: &str, text: &str) -> Result<Line> {
    let Some((name, value)) = text.split_once(':') else {
        // The text may be a credential without a name.
        bail!("{option}: expected 'Name: value', got a string without a colon");
    };
    Ok((name.trim().to_ascii_lowercase().into_bytes(), value.trim().as_bytes().to_vec()))
}

fn count(entry: &str) -> Result<(String, u32)> {
    let form = || format!("--count: expected NAME=NUMBER, such as minute=17, got {entry:?}");
    let (name, number) = entry.split_once('=').with_context(form)?;
    Ok((name.to_owned(), number.parse().with_context(form)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(request: &str) -> RequestArgs {
        RequestArgs { request: request.to_owned(), ..RequestArgs::default() }
    }

    #[test]
    fn request_has_method_target_and_lines() {
        let args = RequestArgs {
            headers: vec!["Host: api.test".to_owned(), "X-A:1".to_owned()],
            token: Some("Bearer a.b.c\n".to_owned()),
            time: Some("1709213862".to_owned()),
            counts: vec!["login.minute=5".to_owned()],
            ..args("post /a?b=c d")
        };
        let Prepared { input, .. } = args.prepare().unwrap();
        let Input { request, facts, used, .. } = input;
        assert_eq!((request.method, request.target), (b"post".to_vec(), b"/a?b=c d".to_vec()));
        assert_eq!(request.authority, b"api.test");
        let lines = [("x-a", "1"), ("authorization", "Bearer a.b.c")];
        assert_eq!(request.headers, lines.map(|(n, v)| (n.into(), v.into())));
        assert_eq!((facts.millis, used), (1_709_213_862_000, vec![("login.minute".to_owned(), 5)]));
    }

    #[test]
    fn errors_name_the_option_and_no_credential() {
        let header = RequestArgs { headers: vec!["s3cret".to_owned()], ..args("/") };
        let error = header.prepare().unwrap_err().to_string();
        assert!(error.contains("--header") && !error.contains("s3cret"), "{error}");
        let count = RequestArgs { counts: vec!["minute".to_owned()], ..args("/") };
        assert!(count.prepare().unwrap_err().to_string().contains("minute=17"));
        assert!(args("GET x").prepare().unwrap_err().to_string().contains("--request"));
    }
}
