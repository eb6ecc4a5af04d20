//! Rules of routers as alternatives of conditions on host, path and method.

#[cfg(test)]
mod tests;

use crate::convert::model::{PathMatch, has_alternatives};

/// Conditions that all hold. `None` for all values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conjunction {
    pub hosts: Option<Vec<String>>,
    pub paths: Option<Vec<PathMatch>>,
    pub methods: Option<Vec<String>>,
    /// Further conditions, as written.
    pub others: Vec<String>,
}

/// The most alternatives of a rule.
const MAX_ALTERNATIVES: usize = 64;

/// The alternatives of a rule: ``Host(`a`) && (Path(`/b`) || PathPrefix(`/c/`))``. `None` if it is
/// not understood.
pub(super) fn alternatives(rule: &str) -> Option<Vec<Conjunction>> {
    let mut parser = Parser { rest: rule };
    let all = parser.either()?;
    parser.rest.trim().is_empty().then(|| merged(all))
}

struct Parser<'r> {
    rest: &'r str,
}

impl<'r> Parser<'r> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(token);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    fn either(&mut self) -> Option<Vec<Conjunction>> {
        let mut all = self.both()?;
        while self.take("||") {
            all.extend(self.both()?);
        }
        (all.len() <= MAX_ALTERNATIVES).then_some(all)
    }

    fn both(&mut self) -> Option<Vec<Conjunction>> {
        let mut all = self.operand()?;
        while self.take("&&") {
            let right = self.operand()?;
            let pairs = all.iter().flat_map(|one| right.iter().map(move |two| (one, two)));
            all = pairs.filter_map(|(one, two)| one.and(two)).collect();
            if all.len() > MAX_ALTERNATIVES {
                return None;
            }
        }
        Some(all)
    }

    fn operand(&mut self) -> Option<Vec<Conjunction>> {
        if self.take("!") {
            let before = self.rest;
            self.operand()?;
            let taken = before.len().saturating_sub(self.rest.len());
            let negated = before.get(..taken).unwrap_or_default().trim();
            return Some(vec![Conjunction::other(format!("!{negated}"))]);
        }
        if self.take("(") {
            let inner = self.either()?;
            return self.take(")").then_some(inner);
        }
        self.matcher().map(|matcher| vec![matcher])
    }

    /// ``Name(`argument`, `argument`)``.
    fn matcher(&mut self) -> Option<Conjunction> {
        let rest = self.rest.trim_start();
        let (name, after) = rest.split_once('(')?;
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let (arguments, after) = arguments(after)?;
        let taken = rest.len().saturating_sub(after.len());
        let written = rest.get(..taken).unwrap_or_default();
        self.rest = after;
        Some(Conjunction::matcher(&name.to_ascii_lowercase(), arguments, written))
    }
}

impl Conjunction {
    fn other(written: String) -> Self {
        Self { others: vec![written], ..Self::default() }
    }

    fn matcher(name: &str, arguments: Vec<String>, written: &str) -> Self {
        // In rules of Traefik 2, braces enclose an expression.
        let has_braces = arguments.iter().any(|argument| argument.contains('{'));
        let path = |new: fn(String) -> PathMatch| {
            let paths = arguments.iter().cloned().map(new).collect();
            Self { paths: Some(paths), ..Self::default() }
        };
        match name {
            "path" | "pathprefix" if has_braces => {
                let start = |path: &String| path.split('{').next().unwrap_or_default().to_owned();
                let paths = arguments.iter().map(|path| PathMatch::Prefix(start(path))).collect();
                Self { paths: Some(paths), ..Self::other(written.to_owned()) }
            }
            "path" => path(PathMatch::Exact),
            "pathprefix" => path(PathMatch::Prefix),
            "pathregexp" => path(searched),
            "host" if !has_braces => Self { hosts: Some(arguments), ..Self::default() },
            "method" => {
                let methods = arguments.iter().map(|method| method.to_ascii_uppercase()).collect();
                Self { methods: Some(methods), ..Self::default() }
            }
            _ => Self::other(written.to_owned()),
        }
    }

    /// Both. `None` if no request can match.
    fn and(&self, other: &Self) -> Option<Self> {
        let mut both = self.clone();
        both.others.extend(other.others.iter().cloned());
        both.hosts = intersection(self.hosts.as_ref(), other.hosts.as_ref(), |one, two| {
            one.eq_ignore_ascii_case(two)
        })?;
        both.methods =
            intersection(self.methods.as_ref(), other.methods.as_ref(), |one, two| one == two)?;
        both.paths = match (&self.paths, &other.paths) {
            (Some(paths), Some(_)) => {
                both.others.push("several conditions on the path".to_owned());
                Some(paths.clone())
            }
            (one, two) => one.clone().or_else(|| two.clone()),
        };
        Some(both)
    }

    /// The alternatives of two in one. `None` if they differ in more than one kind of conditions.
    fn or(&self, other: &Self) -> Option<Self> {
        let same = (
            self.hosts == other.hosts,
            self.paths == other.paths,
            self.methods == other.methods,
            self.others == other.others,
        );
        let mut either = self.clone();
        match same {
            (_, true, true, true) => {
                either.hosts = union(self.hosts.as_ref(), other.hosts.as_ref())
            }
            (true, _, true, true) => {
                either.paths = union(self.paths.as_ref(), other.paths.as_ref())
            }
            (true, true, _, true) => {
                either.methods = union(self.methods.as_ref(), other.methods.as_ref());
            }
            _ => return None,
        }
        Some(either)
    }
}

/// The values in both lists. `None` if there is none.
fn intersection(
    one: Option<&Vec<String>>,
    two: Option<&Vec<String>>,
    is_same: impl Fn(&str, &str) -> bool,
) -> Option<Option<Vec<String>>> {
    let (Some(one), Some(two)) = (one, two) else { return Some(one.or(two).cloned()) };
    let is_common = |value: &&String| two.iter().any(|other| is_same(value, other));
    let common: Vec<String> = one.iter().filter(is_common).cloned().collect();
    (!common.is_empty()).then_some(Some(common))
}

/// The values of either list. `None` stands for all values.
fn union<T: Clone + PartialEq>(one: Option<&Vec<T>>, two: Option<&Vec<T>>) -> Option<Vec<T>> {
    let (mut all, more) = (one?.clone(), two?);
    all.extend(more.iter().filter(|value| !one.is_some_and(|one| one.contains(value))).cloned());
    Some(all)
}

/// Joins alternatives that differ in one kind of conditions only.
fn merged(mut all: Vec<Conjunction>) -> Vec<Conjunction> {
    let mut first = 0;
    while first < all.len() {
        let pair = (first.saturating_add(1)..all.len())
            .find_map(|second| Some((second, all.get(first)?.or(all.get(second)?)?)));
        match pair {
            Some((second, either)) => {
                all.remove(second);
                if let Some(place) = all.get_mut(first) {
                    *place = either;
                }
                // Others may now differ from it in one kind only.
                first = 0;
            }
            None => first = first.saturating_add(1),
        }
    }
    for one in &mut all {
        one.paths = one.paths.take().map(segments);
    }
    all
}

/// Traefik searches an expression anywhere in the path. A leading `^` anchors only the first of
/// several alternatives, and an operator behind it can make it optional.
fn searched(regex: String) -> PathMatch {
    let anchors_all =
        |rest: &&str| !rest.starts_with(['*', '+', '?', '{']) && !has_alternatives(rest);
    PathMatch::RegexStart(match regex.strip_prefix('^').filter(anchors_all) {
        Some(rest) => rest.to_owned(),
        None => format!(".*(?:{regex})"),
    })
}

/// ``Path(`/a`) || PathPrefix(`/a/`)`` is a prefix of whole segments.
fn segments(paths: Vec<PathMatch>) -> Vec<PathMatch> {
    match paths.as_slice() {
        [PathMatch::Exact(path), PathMatch::Prefix(prefix)]
        | [PathMatch::Prefix(prefix), PathMatch::Exact(path)]
            if *prefix == format!("{path}/") =>
        {
            vec![PathMatch::Segments(path.clone())]
        }
        _ => paths,
    }
}

/// The arguments of a matcher, in backquotes or double quotes, and the text behind the `)`.
fn arguments(text: &str) -> Option<(Vec<String>, &str)> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            return (!arguments.is_empty()).then_some((arguments, after));
        }
        let quote = rest.chars().next().filter(|c| *c == '`' || *c == '"')?;
        let (argument, after) = rest.get(1..)?.split_once(quote)?;
        // Escapes in double quotes are not read.
        if quote == '"' && argument.contains('\\') {
            return None;
        }
        arguments.push(argument.to_owned());
        rest = after.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
}
