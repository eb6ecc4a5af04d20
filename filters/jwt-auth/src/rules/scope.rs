//! Scopes: what a token was issued for (RFC 6749 section 3.3).

use novasphere_core::{BuildContext, Json};

use crate::config::Config;

/// Scopes a token must have.
#[derive(Debug)]
pub(crate) struct Scopes {
    all_of: Vec<String>,
    any_of: Vec<String>,
}

impl Scopes {
    /// `None` when none are configured.
    pub fn new(config: &Config, cx: &mut BuildContext<'_>) -> Option<Self> {
        let wire = config.scopes.as_ref()?;
        if wire.all_of.is_empty() && wire.any_of.is_empty() {
            cx.fault("scopes", "names no scope; leave it out to require none");
        }
        for (field, scopes) in [("all_of", &wire.all_of), ("any_of", &wire.any_of)] {
            for (i, scope) in scopes.iter().enumerate().filter(|(_, scope)| !is_scope_token(scope))
            {
                let message = format!("{scope:?} is not a scope (RFC 6749 3.3)");
                cx.fault(format!("scopes.{field}[{i}]"), message);
            }
        }
        Some(Self { all_of: wire.all_of.clone(), any_of: wire.any_of.clone() })
    }

    /// Whether `claims` has them, in `scope` (RFC 8693 section 4.2) or in `scp`, as Azure AD and
    /// Okta call it; either may be a string with spaces or an array.
    pub fn granted_by(&self, claims: &Json) -> bool {
        let granted = |wanted: &String| {
            ["scope", "scp"].iter().any(|name| match claims.get(name) {
                Some(Json::String(text)) => text.split(' ').any(|scope| scope == wanted),
                Some(Json::Array(items)) => items.iter().any(|i| i.as_str() == Some(wanted)),
                _ => false,
            })
        };
        self.all_of.iter().all(granted)
            && (self.any_of.is_empty() || self.any_of.iter().any(granted))
    }

    /// The `scope` attribute of a challenge (RFC 6750 section 3): what would do.
    pub fn attribute(&self) -> String {
        let scopes: Vec<&str> = self.all_of.iter().chain(&self.any_of).map(|s| &**s).collect();
        scopes.join(" ")
    }
}

/// `scope-token`: printable ASCII without space, `"` and `\`, so that it can be quoted as it is.
fn is_scope_token(scope: &str) -> bool {
    !scope.is_empty() && scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
