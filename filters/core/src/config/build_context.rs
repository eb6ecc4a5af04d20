//! [`BuildContext`] collects the faults, warnings and environment reads of one build.

use super::ConfigErrors;
use crate::{Capability, Host};

/// Collects the faults and warnings of one build and offers the host's facts to it.
///
/// A chain builds each of its filters [`within`](Self::within) its part of the configuration. The
/// paths in faults and warnings then start with that part.
///
/// ```
/// use novasphere_core::{BuildContext, ConfigErrors, JwtAuthPlace, testing::TestHost};
///
/// let host = TestHost::default();
/// let mut cx = BuildContext::new(&host, ConfigErrors::default());
/// cx.within("jwt_auth", JwtAuthPlace::Elsewhere, |cx| {
///     cx.warn("credentials[0].secret", "is readable in the configuration");
///     cx.fault("leeway", "must be 0 to 3600 seconds, got 7200");
/// });
/// let errors = cx.finish("a filter").unwrap_err();
/// assert_eq!(errors.to_string(), "jwt_auth.leeway: must be 0 to 3600 seconds, got 7200");
/// assert_eq!(
///     *host.warnings.borrow(),
///     ["jwt_auth.credentials[0].secret: is readable in the configuration"]
/// );
/// ```
pub struct BuildContext<'h> {
    host: &'h dyn Host,
    errors: ConfigErrors,
    warnings: Vec<String>,
    facts: Vec<String>,
    variables: Vec<String>,
    /// The part of the configuration that is being built. Empty for the whole.
    part: &'static str,
    jwt_auth: JwtAuthPlace,
    used_claims: Vec<UsedClaim>,
}

/// The place of jwt-auth, as a filter that is being built sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JwtAuthPlace {
    /// Not in the filter's chain, or the filter is not in a chain.
    #[default]
    Elsewhere,
    /// In the same chain, before the filter.
    Before,
    /// In the same chain, behind the filter.
    Behind,
}

/// A claim that a filter uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsedClaim {
    /// The path of the field that names it, in the whole configuration.
    pub path: String,
    /// Its name, which is also the name of an attribute.
    pub name: String,
    /// The part of the configuration that the filter was built from.
    part: &'static str,
}

impl<'h> BuildContext<'h> {
    /// A context for a configuration whose decoding found `errors`.
    pub fn new(host: &'h dyn Host, errors: ConfigErrors) -> Self {
        Self {
            host,
            errors,
            warnings: Vec::new(),
            facts: Vec::new(),
            variables: Vec::new(),
            part: "",
            jwt_auth: JwtAuthPlace::Elsewhere,
            used_claims: Vec::new(),
        }
    }

    /// Builds one filter of a chain from the member `part` of the configuration. `jwt_auth` is the
    /// place of the chain's jwt-auth.
    pub fn within<T>(
        &mut self,
        part: &'static str,
        jwt_auth: JwtAuthPlace,
        build: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = (self.part, self.jwt_auth);
        (self.part, self.jwt_auth) = (part, jwt_auth);
        let built = build(self);
        (self.part, self.jwt_auth) = outer;
        built
    }

    /// Whether decoding left out the member `name` because of its form. There is a fault about it.
    #[cold]
    pub fn was_left_out(&self, name: &str) -> bool {
        self.errors.was_left_out(&join(self.part, name))
    }

    /// Adds a fault of the field at `path`, which is empty for the configuration as a whole. See
    /// [`ConfigErrors::add`].
    #[cold]
    pub fn fault(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.errors.add(join(self.part, &path.into()), message);
    }

    /// Whether there is a fault about the value at `path` or a part of it.
    #[cold]
    pub fn has_fault(&self, path: &str) -> bool {
        self.errors.has_fault(&join(self.part, path))
    }

    /// Adds a warning about the field at `path`, which is empty for the configuration as a whole. It
    /// must not contain a secret.
    pub fn warn(&mut self, path: &str, message: &str) {
        let line = self.line(path, message);
        self.warnings.push(line);
    }

    /// Adds a fact about the field at `path` that operators may want to know and that needs no
    /// action. It must not contain a secret.
    pub fn inform(&mut self, path: &str, message: &str) {
        let line = self.line(path, message);
        self.facts.push(line);
    }

    #[cold]
    fn line(&self, path: &str, message: &str) -> String {
        let path = self.errors.path_as_written(&join(self.part, path));
        let separator = if path.is_empty() { "" } else { ": " };
        format!("{path}{separator}{message}")
    }

    /// Sends the warnings and facts to the host and returns `filter`.
    ///
    /// # Errors
    /// The faults, if there are any.
    pub fn finish<F>(self, filter: F) -> Result<F, ConfigErrors> {
        self.host.log_at_load(&self.warnings, &self.facts);
        self.errors.into_result(filter)
    }

    /// The warnings so far.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The names of the environment variables read so far.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The value of a variable in the proxy's environment. See [`Host::variable`].
    pub fn variable(&mut self, name: &str) -> Option<String> {
        self.variables.push(name.to_owned());
        self.host.variable(name)
    }

    /// How to pass a variable on to a filter. See [`Host::variable_remedy`].
    pub fn variable_remedy(&self, name: &str) -> String {
        self.host.variable_remedy(name)
    }

    /// The alternative to a missing capability. See [`Host::unsupported`].
    pub fn unsupported(&self, capability: Capability) -> Option<&'static str> {
        self.host.unsupported(capability)
    }

    /// See [`Host::single_line_headers`].
    pub fn single_line_headers(&self) -> &'static [&'static str] {
        self.host.single_line_headers()
    }

    /// See [`Host::unremovable_headers`].
    pub fn unremovable_headers(&self) -> &'static [&'static str] {
        self.host.unremovable_headers()
    }

    /// Whether the host passes values as text. See [`Host::values_are_text`].
    pub fn values_are_text(&self) -> bool {
        self.host.values_are_text()
    }

    /// Whether the host guessed the types of values from plain YAML. See [`Host::guesses_types`].
    pub fn guesses_types(&self) -> bool {
        self.host.guesses_types()
    }

    /// Maximum size of the filter's caches in one worker, in bytes. See [`Host::cache_bytes`].
    pub fn cache_bytes(&self) -> usize {
        self.host.cache_bytes()
    }

    /// See [`Host::max_body_bytes`].
    pub fn max_body_bytes(&self) -> Option<usize> {
        self.host.max_body_bytes()
    }

    /// See [`Host::workers_have_timers`].
    pub fn workers_have_timers(&self) -> bool {
        self.host.workers_have_timers()
    }

    /// Whether there can be a jwt-auth that passes claims to this filter: one in its chain, or, on
    /// a host that [passes attributes](Host::passes_attributes), one before it.
    pub fn has_claims_source(&self) -> bool {
        self.jwt_auth != JwtAuthPlace::Elsewhere || self.host.passes_attributes()
    }

    /// Records that the field at `path` uses the claim `name`. In a chain, an earlier jwt-auth
    /// passes the claim on, and a later one is a fault. Otherwise warns that the claim must come
    /// from another filter. Call it only with a [source of claims](Self::has_claims_source).
    #[cold]
    pub fn use_claim(&mut self, path: &str, name: &str) {
        let part = self.part;
        if self.used_claims.iter().any(|used| used.part == part && used.name == name) {
            return;
        }
        let used = UsedClaim { path: join(part, path), name: name.to_owned(), part };
        self.used_claims.push(used);
        match self.jwt_auth {
            JwtAuthPlace::Before => {}
            JwtAuthPlace::Behind => {
                let message = format!(
                    "uses the claim {name:?}, which is not known before jwt_auth: list jwt_auth \
                     before {part} in order"
                );
                self.fault(path, message);
            }
            JwtAuthPlace::Elsewhere => {
                let alternative = match part {
                    "" => "",
                    _ => {
                        ", or configure jwt_auth in this chain, which passes the claim on by itself"
                    }
                };
                let message = format!(
                    "uses the attribute {name:?}, which jwt-auth must set before this filter: add \
                     it to claims_to_attributes of jwt-auth{alternative}"
                );
                self.warn(path, &message);
            }
        }
    }

    /// The claims that the filters built so far use.
    pub fn used_claims(&self) -> Vec<UsedClaim> {
        self.used_claims.clone()
    }

    /// Whether the filter is part of a chain, so that it also gets the local responses of the others.
    pub fn is_in_chain(&self) -> bool {
        !self.part.is_empty()
    }

    /// Whether an earlier filter of the chain removes the identity headers that clients send.
    /// Always false outside a chain, where it cannot be known.
    pub fn clears_identity_headers(&self) -> bool {
        self.jwt_auth == JwtAuthPlace::Before
    }
}

/// The path of a field in a part of the configuration.
fn join(part: &str, path: &str) -> String {
    let separator = match path {
        "" => "",
        _ if part.is_empty() || path.starts_with('[') => "",
        _ => ".",
    };
    format!("{part}{separator}{path}")
}
