//! Which requests a rule is for.

use std::cell::OnceCell;

use novasphere_core::{Env, PathPattern, RequestHead, UnambiguousPath, target};

mod path_variants;

use self::path_variants::{forgiving, goes_back, literal, resolved};

/// One entry of `rules`.
#[derive(Debug)]
pub(crate) struct Rule {
    /// For metrics and the names of policies.
    pub(crate) name: String,
    pub(crate) condition: Condition,
    pub(crate) effect: Effect,
}

/// What a rule does with a request it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// It is not limited.
    Unlimited,
    /// It counts so much under the limiter at that place.
    Counts {
        /// The place.
        limiter: usize,
        /// The cost, at least 1.
        cost: u32,
    },
}

/// All of these hold for a request the rule is for.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// Any when there are none.
    pub(crate) methods: Vec<String>,
    pub(crate) path: Option<PathPattern>,
    /// The name of the host's route.
    pub(crate) route: Option<String>,
    /// A claim that jwt-auth passes on.
    pub(crate) claim: Option<Expected>,
    pub(crate) header: Option<Expected>,
}

/// A name and the values it may have.
#[derive(Debug)]
pub(crate) struct Expected {
    pub(crate) name: String,
    pub(crate) one_of: Vec<String>,
}

impl Expected {
    fn is_met(&self, value: &[u8]) -> bool {
        self.one_of.iter().any(|expected| expected.as_bytes() == value)
    }
}

/// The path of one request as servers may read it, each reading made when first asked for.
pub(crate) struct Paths<'h> {
    raw: &'h [u8],
    plain: OnceCell<Option<UnambiguousPath>>,
    literal: OnceCell<String>,
    forgiving: OnceCell<Vec<String>>,
}

impl<'h> Paths<'h> {
    pub(crate) fn new(head: &'h RequestHead<'_>) -> Self {
        Self {
            raw: target::path(head.target()),
            plain: OnceCell::new(),
            literal: OnceCell::new(),
            forgiving: OnceCell::new(),
        }
    }

    fn plain(&self) -> Option<&str> {
        self.plain
            .get_or_init(|| UnambiguousPath::new(self.raw))
            .as_ref()
            .map(UnambiguousPath::as_str)
    }

    /// As it stands there.
    fn literally(&self, pattern: &PathPattern) -> bool {
        let read = || literal(self.raw);
        match self.plain() {
            Some(plain) => pattern.matches(plain),
            None => pattern.matches(self.literal.get_or_init(read)),
        }
    }

    /// As forgiving servers take it.
    fn forgiving(&self) -> &[String] {
        self.forgiving.get_or_init(|| {
            let resolved = if self.plain().is_some() { Vec::new() } else { resolved(self.raw) };
            let mut readings = vec![forgiving(self.raw)];
            for path in resolved {
                let reading = forgiving(&path);
                if !readings.contains(&reading) {
                    readings.push(reading);
                }
            }
            readings
        })
    }

    fn goes_back(&self) -> bool {
        self.plain().is_none() && goes_back(self.raw)
    }

    /// How a pattern takes it; `None` when in no way.
    fn read_by(&self, pattern: &PathPattern) -> Option<Reading> {
        // Forgiving servers know no slash at the end.
        let forgivingly =
            |path: &String| pattern.matches(path) || pattern.matches(&format!("{path}/"));
        let matches = [self.literally(pattern)].into_iter();
        let matches = matches.chain(self.forgiving().iter().map(forgivingly));
        let (mut ways, mut all) = (0, 0);
        for (way, is_its) in matches.enumerate() {
            all |= 1 << way;
            ways |= u32::from(is_its) << way;
        }
        match ways {
            0 => None,
            _ if ways == all => Some(Reading::Every),
            _ => Some(Reading::Some(ways)),
        }
    }
}

/// How a rule's path pattern takes the path of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// In every way, or it has none.
    Every,
    /// In some of the ways, a bit for each: as it stands there, then as forgiving servers take it.
    Some(u32),
}

/// The place of the first rule that is for this request.
///
/// # Errors
/// When to some servers the path is that of one rule, and to others that of another, or of none where
/// what no rule is for is limited too.
pub(crate) fn first(
    rules: &[Rule],
    rest_is_limited: bool,
    head: &RequestHead<'_>,
    env: &Env<'_>,
) -> Result<Option<usize>, Ambiguous> {
    let paths = Paths::new(head);
    let mut found: Option<(usize, Reading)> = None;
    for (place, rule) in rules.iter().enumerate() {
        let Some(reading) = rule.reads_as(head, &paths, env) else { continue };
        match (found, reading) {
            (None, Reading::Every) => return Ok(Some(place)),
            (None, _) => found = Some((place, reading)),
            (Some((_, Reading::Some(ours))), Reading::Some(theirs)) if theirs & !ours != 0 => {
                return Err(Ambiguous);
            }
            // Of all other readings the later rule is the first. Where nothing goes back they differ
            // in what few servers tell apart, as a slash at the end, and the earlier one holds.
            (Some(_), Reading::Every) if paths.goes_back() => return Err(Ambiguous),
            (Some(_), _) => {}
        }
    }
    match found {
        // To other readings it is none's.
        Some(_) if rest_is_limited && paths.goes_back() => Err(Ambiguous),
        found => Ok(found.map(|(place, _)| place)),
    }
}

/// A path that is one rule's to some servers and another's to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous;

impl Rule {
    /// Whether, and how, it is for this request.
    fn reads_as(
        &self,
        head: &RequestHead<'_>,
        paths: &Paths<'_>,
        env: &Env<'_>,
    ) -> Option<Reading> {
        let Condition { methods, path, route, claim, header } = &self.condition;
        let holds = (methods.is_empty() || methods.iter().any(|m| m.as_bytes() == head.method()))
            && header.as_ref().is_none_or(|expected| {
                head.headers.get(&expected.name).is_some_and(|value| expected.is_met(value))
            });
        let reading = match path {
            None => Some(Reading::Every),
            Some(pattern) => self.path_reads_as(pattern, paths),
        };
        let reading = reading.filter(|_| holds)?;
        // These ask the host.
        let holds = route.as_ref().is_none_or(|route| {
            env.connection.route().is_some_and(|name| name == route.as_bytes())
        }) && claim.as_ref().is_none_or(|expected| {
            env.attributes.get(&expected.name).is_some_and(|value| expected.is_met(&value))
        });
        holds.then_some(reading)
    }

    /// A rule that lifts limits is for paths that all read alike; another one for all paths that
    /// anybody takes for its own.
    fn path_reads_as(&self, pattern: &PathPattern, paths: &Paths<'_>) -> Option<Reading> {
        if self.effect == Effect::Unlimited {
            let is_plain = paths.plain().is_some_and(|path| pattern.matches(path));
            return is_plain.then_some(Reading::Every);
        }
        paths.read_by(pattern)
    }

    /// The lines of the head it looks at.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &str> {
        let Condition { methods, path, header, .. } = &self.condition;
        let method = (!methods.is_empty()).then_some(":method");
        let path = path.as_ref().map(|_| ":path");
        method.into_iter().chain(path).chain(header.as_ref().map(|h| h.name.as_str()))
    }
}
