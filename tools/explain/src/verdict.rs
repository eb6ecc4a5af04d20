//! The filter's verdict on a configuration.

use novasphere_core::{Fault, Filter};
use novasphere_cors::Cors;
use novasphere_gateway::Gateway;
use novasphere_header_transform::HeaderTransform;
use novasphere_jwt_auth::JwtAuth;
use novasphere_rate_limit::RateLimit;

use crate::{FilterKind, Proxy};

/// The filter's messages about a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The faults. The filter accepts the configuration if there are none.
    pub faults: Vec<Fault>,
    /// The warnings that the filter logs.
    pub warnings: Vec<Fault>,
    /// The facts that the filter logs.
    pub facts: Vec<Fault>,
    /// The names of variables whose values were assumed.
    pub assumed: Vec<String>,
}

/// Loads a configuration (JSON text) as the filter's module does in the proxy.
pub fn check(kind: FilterKind, json: &[u8], proxy: &Proxy<'_>) -> Verdict {
    proxy.find_public_keys(json);
    let faults = match kind {
        FilterKind::Cors => faults::<Cors>(json, proxy),
        FilterKind::JwtAuth => faults::<JwtAuth>(json, proxy),
        FilterKind::RateLimit => faults::<RateLimit>(json, proxy),
        FilterKind::HeaderTransform => faults::<HeaderTransform>(json, proxy),
        FilterKind::Gateway => faults::<Gateway>(json, proxy),
    };
    Verdict {
        faults,
        warnings: proxy.warnings().iter().map(|line| split(line)).collect(),
        facts: proxy.facts().iter().map(|line| split(line)).collect(),
        assumed: proxy.assumed(),
    }
}

fn faults<F: Filter>(json: &[u8], proxy: &Proxy<'_>) -> Vec<Fault> {
    match F::from_json(json, proxy) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.faults().to_vec(),
    }
}

/// Splits `path: message`. A message without a path is about the configuration as a whole.
fn split(line: &str) -> Fault {
    let path_and_message = line.split_once(": ").filter(|(path, _)| {
        !path.is_empty() && path.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]-".contains(c))
    });
    let (path, message) = path_and_message.unwrap_or(("", line));
    Fault { path: path.to_owned(), message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Environment, ProxyKind};

    fn verdict(json: &str, environment: &Environment) -> Verdict {
        check(FilterKind::JwtAuth, json.as_bytes(), &Proxy::new(ProxyKind::Kong, environment))
    }

    const CONFIG: &str = r#"{"credentials": [{"key": "a", "secret": {"env": "KEY"}}]}"#;

    #[test]
    fn missing_variable_names_the_remedy_of_the_proxy() {
        let verdict = verdict(CONFIG, &Environment::default());
        let [fault] = &verdict.faults[..] else { panic!("{verdict:?}") };
        assert_eq!(fault.path, "credentials[0].secret.env");
        assert!(fault.message.contains("nginx_main_env = KEY"), "{fault}");
    }

    #[test]
    fn assumed_variable_is_reported() {
        let environment = Environment { assume_missing: true, ..Environment::default() };
        let verdict = verdict(CONFIG, &environment);
        assert_eq!(verdict.faults, []);
        assert_eq!(verdict.assumed, ["KEY"]);
    }

    /// As during a rotation. The filter rejects two credentials with one secret.
    #[test]
    fn assumed_variables_have_different_values() {
        let environment = Environment { assume_missing: true, ..Environment::default() };
        let config = r#"{"credentials": [{"key": "a", "secret": {"env": "KEY"}},
            {"key": "a", "secret": {"env": "KEY_NEXT"}}]}"#;
        let verdict = verdict(config, &environment);
        assert_eq!(verdict.faults, []);
        assert_eq!(verdict.assumed, ["KEY", "KEY_NEXT"]);
    }

    #[test]
    fn assumed_public_key_is_accepted() {
        let environment = Environment { assume_missing: true, ..Environment::default() };
        let config = r#"{"credentials": [{"key": "a", "public_key": {"env": "KEY"}}]}"#;
        assert_eq!(verdict(config, &environment).faults, []);
        assert_eq!(verdict(config, &environment).assumed, ["KEY"]);
        let in_gateway = format!(r#"{{"jwt_auth": {config}}}"#);
        let proxy = Proxy::new(ProxyKind::Envoy, &environment);
        assert_eq!(check(FilterKind::Gateway, in_gateway.as_bytes(), &proxy).faults, []);
        // A value that is given has to be a key.
        let variables = [("KEY".to_owned(), "x".to_owned())].into();
        let environment = Environment { variables, assume_missing: true };
        assert_eq!(verdict(config, &environment).faults[0].path, "credentials[0].public_key");
    }

    #[test]
    fn assumed_public_key_is_one_for_its_algorithm() {
        let environment = Environment { assume_missing: true, ..Environment::default() };
        for algorithm in ["RS256", "PS512", "ES256", "ES384", "ES512", "EdDSA"] {
            let config = format!(
                r#"{{"credentials": [{{"key": "a", "algorithm": "{algorithm}",
                "public_key": {{"env": "KEY"}}}}]}}"#
            );
            let verdict = verdict(&config, &environment);
            assert_eq!((verdict.faults.len(), &verdict.assumed[..]), (0, &["KEY".to_owned()][..]));
        }
    }

    #[test]
    fn warnings_have_paths() {
        let config =
            r#"{"credentials": [{"key": "a", "secret": "0123456789abcdef0123456789abcdef"}]}"#;
        let verdict = verdict(config, &Environment::default());
        assert_eq!(verdict.warnings[0].path, "credentials[0].secret");
    }
}
