//! [`Changes`]: the list of changes.

use serde::Serialize;

/// Whether a change lets more requests pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// More requests pass, or pages and clients may do more.
    Looser,
    /// Fewer requests pass.
    Stricter,
    /// Neither, or it depends on the requests.
    Neutral,
}

impl Effect {
    /// `looser`, `stricter` or `neutral`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Looser => "looser",
            Self::Stricter => "stricter",
            Self::Neutral => "neutral",
        }
    }

    /// The effect of the opposite change.
    pub(super) const fn opposite(self) -> Self {
        match self {
            Self::Looser => Self::Stricter,
            Self::Stricter => Self::Looser,
            Self::Neutral => Self::Neutral,
        }
    }
}

/// A change for requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Whether it lets more requests pass.
    pub effect: Effect,
    /// The filter, `route` or `settings`.
    pub subject: String,
    /// The field of the filter. Empty for a filter or a route as a whole.
    pub field: String,
    /// The change in words. Never contains a secret.
    pub message: String,
    /// The routes that it applies to. Empty without routes.
    pub routes: Vec<String>,
}

/// The list of changes. A change that applies to several routes is in it once.
#[derive(Debug, Default)]
pub(super) struct Changes {
    all: Vec<Change>,
    /// The route that is being compared.
    route: Option<String>,
}

impl Changes {
    /// Sets the route that the next changes apply to.
    pub(super) fn on_route(&mut self, name: Option<&str>) {
        self.route = name.map(str::to_owned);
    }

    /// Adds a change.
    pub(super) fn add(
        &mut self,
        effect: Effect,
        (subject, field): (&str, &str),
        message: impl Into<String>,
    ) {
        let message = message.into();
        let known = self.all.iter_mut().find(|change| {
            change.effect == effect
                && change.subject == subject
                && change.field == field
                && change.message == message
        });
        let change = match known {
            Some(change) => change,
            None => {
                self.all.push(Change {
                    effect,
                    subject: subject.to_owned(),
                    field: field.to_owned(),
                    message,
                    routes: Vec::new(),
                });
                match self.all.last_mut() {
                    Some(change) => change,
                    None => return,
                }
            }
        };
        if let Some(route) = self.route.as_ref().filter(|route| !change.routes.contains(route)) {
            change.routes.push(route.clone());
        }
    }

    /// All changes, looser ones first.
    pub(super) fn sorted(mut self) -> Vec<Change> {
        self.all.sort_by_key(|change| change.effect);
        self.all
    }
}
