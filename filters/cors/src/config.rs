//! What a user writes, and how it becomes the policy.

use novasphere_core::{ConfigErrors, HeaderName, Host, decode};
use serde::Deserialize;

use crate::{
    origin::OriginRule,
    policy::{Cors, Origins},
    preflight::{AllowHeaders, Preflight},
};

/// Configuration of the cors filter. Names and defaults are those of Kong's cors plugin where it
/// has the field.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// Who may read responses: origins (`https://app.novasphere.io`, `http://localhost:3000`), all
    /// subdomains of a domain at any depth, without the domain itself (`https://*.novasphere.io`),
    /// the origin `null`, or `*` for everyone. Without a port, the scheme's default port is meant.
    /// Default: `["*"]`.
    origins: Option<Vec<String>>,

    /// Methods a page may use (`Access-Control-Allow-Methods`), case-sensitive; GET, HEAD and POST
    /// are always allowed by browsers. Default: GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS,
    /// TRACE, CONNECT.
    methods: Option<Vec<String>>,

    /// Request headers a page may send (`Access-Control-Allow-Headers`); an empty list allows the
    /// safelisted ones only. Default: whatever the preflight asks for.
    headers: Option<Vec<String>>,

    /// Response headers a page may read (`Access-Control-Expose-Headers`) besides the safelisted
    /// ones. Default: none.
    exposed_headers: Vec<String>,

    /// Whether pages may send cookies and HTTP authentication and read the answers
    /// (`Access-Control-Allow-Credentials`). Default: false.
    credentials: bool,

    /// Seconds a browser may keep the answer to a preflight (`Access-Control-Max-Age`), from 0;
    /// browsers cap it, at 7200 or 86400. Default: not sent, which browsers take for 5.
    max_age: Option<u32>,

    /// With `*` in `origins`: echo the request's origin instead of sending `*`. Together with
    /// `credentials` this lets every site act as the user. Default: false.
    reflect_any_origin: bool,
}

/// Kong's default.
const ALL_METHODS: [&str; 9] =
    ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// Checks `config` and computes the policy.
pub(crate) fn configure(config: &[u8], host: &dyn Host) -> Result<Cors, ConfigErrors> {
    let (config, mut errors) = decode::<Config>(config)?;
    let policy = config.into_policy(host, &mut errors);
    errors.into_result(policy)
}

impl Config {
    /// The policy, which is to be used only if no fault was added.
    fn into_policy(self, host: &dyn Host, errors: &mut ConfigErrors) -> Cors {
        let origins = self.origins(host, errors);
        let methods = self.methods(errors);
        let credentials = self.credentials;
        let headers = match &self.headers {
            Some(names) => {
                check_headers("headers", names, credentials, errors);
                AllowHeaders::Listed(names.join(", "))
            }
            None => AllowHeaders::Requested,
        };
        check_headers("exposed_headers", &self.exposed_headers, credentials, errors);
        let max_age = self.max_age.map(|seconds| seconds.to_string());
        Cors {
            origins,
            preflight: Preflight { methods, headers, max_age, credentials },
            exposed_headers: self.exposed_headers.join(", "),
            credentials,
        }
    }

    fn origins(&self, host: &dyn Host, errors: &mut ConfigErrors) -> Origins {
        let Some(entries) = &self.origins else {
            return self.any_origin(Vec::new(), errors);
        };
        if entries.is_empty() {
            errors.add("origins", "must not be empty: name the origins, or leave it out for all");
        }
        let everyone = entries.iter().any(|entry| entry == "*");
        let mut rules = Vec::new();
        for (i, entry) in entries.iter().enumerate() {
            let path = format!("origins[{i}]");
            match OriginRule::parse(entry) {
                Err(error) => errors.add(path, format!("{entry:?} {error}")),
                Ok(rule) if rules.contains(&rule) => {
                    errors.add(path, format!("{entry:?} is listed twice"));
                }
                Ok(rule) if everyone && !self.counts_beside_any(&rule) => errors.add(
                    path,
                    format!("{entry:?} has no effect beside \"*\": keep one of the two"),
                ),
                Ok(rule) => {
                    if rule == OriginRule::Null && self.credentials {
                        host.warn(&format!(
                            "{path}: with credentials, every sandboxed frame acts as the user"
                        ));
                    }
                    if let Some(domain) = rule.top_level_domain() {
                        host.warn(&format!("{path}: {entry:?} trusts every site under .{domain}"));
                    }
                    rules.push(rule);
                }
            }
        }
        if everyone {
            return self.any_origin(rules, errors);
        }
        if self.reflect_any_origin {
            errors.add("reflect_any_origin", "has no effect unless origins is [\"*\"]");
        }
        Origins::Named(rules)
    }

    /// `origins` is `*`, written or by default, maybe with `null` beside it.
    fn any_origin(&self, mut rules: Vec<OriginRule>, errors: &mut ConfigErrors) -> Origins {
        if self.reflect_any_origin {
            if !rules.contains(&OriginRule::Every) {
                rules.push(OriginRule::Every);
            }
            return Origins::Named(rules);
        }
        if self.credentials {
            errors.add(
                "origins",
                "\"*\", which is the default, cannot be combined with credentials (Fetch standard, CORS \
                 protocol and credentials): name the origins, or say \"reflect_any_origin\": true if every site may act as \
                 the user",
            );
        }
        Origins::Any
    }

    /// Whether `rule` can stand in one list with `*`.
    fn counts_beside_any(&self, rule: &OriginRule) -> bool {
        match rule {
            OriginRule::Every => true,
            // A constant `*` covers it, a reflected origin does not.
            OriginRule::Null => self.reflect_any_origin,
            OriginRule::Named(_) => false,
        }
    }

    /// `Access-Control-Allow-Methods`.
    fn methods(&self, errors: &mut ConfigErrors) -> String {
        let Some(methods) = &self.methods else { return ALL_METHODS.join(", ") };
        if methods.is_empty() {
            errors.add("methods", "must not be empty: name the methods, or leave it out for all");
        }
        for (i, method) in methods.iter().enumerate() {
            let path = format!("methods[{i}]");
            let upper = method.to_ascii_uppercase();
            // A method is a token, as a field name is (RFC 9110 section 9.1).
            if HeaderName::parse(method).is_err() {
                errors.add(path, format!("{method:?} is not a method (RFC 9110 9.1)"));
            } else if *method != upper && ALL_METHODS.contains(&upper.as_str()) {
                let fault = format!("{method:?}: methods are case-sensitive, write {upper:?}");
                errors.add(path, fault);
            } else if methods.iter().take(i).any(|earlier| earlier == method) {
                errors.add(path, format!("{method:?} is listed twice"));
            } else if method == "*" && self.credentials {
                errors.add(path, LITERAL_WILDCARD);
            }
        }
        methods.join(", ")
    }
}

const LITERAL_WILDCARD: &str = "\"*\" is no wildcard when credentials are allowed, but a name \
                                (Fetch standard, CORS protocol and credentials): list the names that are \
                                meant";

/// Checks names that go out as one list.
fn check_headers(field: &str, names: &[String], credentials: bool, errors: &mut ConfigErrors) {
    for (i, name) in names.iter().enumerate() {
        let path = format!("{field}[{i}]");
        if let Err(error) = HeaderName::parse(name) {
            errors.add(path, error.to_string());
        } else if names.iter().take(i).any(|earlier| earlier.eq_ignore_ascii_case(name)) {
            errors.add(path, format!("{name:?} is listed twice"));
        } else if name == "*" && credentials {
            errors.add(path, LITERAL_WILDCARD);
        }
    }
}
