//! The rules of Traefik's routers as alternatives:
//! ``Host(`a`) && (Path(`/b`) || PathPrefix(`/c/`))``.

use crate::found::PathCondition;

/// Conditions that a request must meet: one alternative of a rule.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuleConditions {
    /// The hosts. Empty for all.
    pub domains: Vec<String>,
    /// The condition about the path.
    pub path: PathCondition,
    /// The methods. Empty for all.
    pub methods: Vec<String>,
    /// All other matchers, and negations, as written.
    pub others: Vec<String>,
}

/// Maximum number of alternatives of a rule.
const MAX_ALTERNATIVES: usize = 64;

/// The alternatives of a rule. Alternatives that differ in only one kind of condition are merged. A
/// rule that cannot be parsed goes into `others` as a whole.
pub(crate) fn alternatives(rule: &str) -> Vec<RuleConditions> {
    if rule.trim().is_empty() {
        return vec![RuleConditions::any()];
    }
    let mut parser = Parser { rest: rule };
    let all = parser.either().filter(|_| parser.rest.trim().is_empty());
    all.map_or_else(|| vec![RuleConditions::other(rule)], merged)
}

struct Parser<'r> {
    rest: &'r str,
}

impl Parser<'_> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        let after = rest.strip_prefix(token);
        self.rest = after.unwrap_or(rest);
        after.is_some()
    }

    /// Operands of `||`.
    fn either(&mut self) -> Option<Vec<RuleConditions>> {
        let mut all = self.both()?;
        while self.take("||") {
            all.extend(self.both()?);
        }
        (all.len() <= MAX_ALTERNATIVES).then_some(all)
    }

    /// Operands of `&&`.
    fn both(&mut self) -> Option<Vec<RuleConditions>> {
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

    fn operand(&mut self) -> Option<Vec<RuleConditions>> {
        if self.take("!") {
            let before = self.rest;
            self.operand()?;
            let taken = before.len().saturating_sub(self.rest.len());
            let negated = before.get(..taken).unwrap_or_default().trim();
            return Some(vec![RuleConditions::other(&format!("!{negated}"))]);
        }
        if self.take("(") {
            let inner = self.either()?;
            return self.take(")").then_some(inner);
        }
        self.matcher().map(|matcher| vec![matcher])
    }

    /// ``Name(`argument`, `argument`)``.
    fn matcher(&mut self) -> Option<RuleConditions> {
        let rest = self.rest.trim_start();
        let (name, after) = rest.split_once('(')?;
        let (arguments, after) = arguments(after)?;
        let taken = rest.len().saturating_sub(after.len());
        self.rest = after;
        let written = rest.get(..taken).unwrap_or_default();
        Some(RuleConditions::matcher(name.trim(), &arguments, written))
    }
}

impl RuleConditions {
    fn any() -> Self {
        Self {
            domains: Vec::new(),
            path: PathCondition::Any,
            methods: Vec::new(),
            others: Vec::new(),
        }
    }

    fn other(written: &str) -> Self {
        Self { others: vec![written.to_owned()], ..Self::any() }
    }

    fn matcher(name: &str, arguments: &[String], written: &str) -> Self {
        // In rules of Traefik 2, braces enclose an expression.
        let has_braces = arguments.iter().any(|argument| argument.contains('{'));
        let path = |new: fn(&str) -> PathCondition| {
            let all = arguments.iter().map(|argument| new(argument)).collect();
            Self { path: one_of(all), ..Self::any() }
        };
        match name.to_ascii_lowercase().as_str() {
            "path" | "pathprefix" if has_braces => {
                let start = |path: &str| {
                    let start = path.split('{').next().unwrap_or_default();
                    PathCondition::Prefix(start.to_owned())
                };
                Self { path: path(start).path, ..Self::other(written) }
            }
            "path" => path(|path| PathCondition::Exact(path.to_owned())),
            "pathprefix" => path(|path| PathCondition::Prefix(path.to_owned())),
            "pathregexp" => path(searched),
            "host" if !has_braces => Self { domains: arguments.to_vec(), ..Self::any() },
            "method" => {
                let methods = arguments.iter().map(|method| method.to_ascii_uppercase()).collect();
                Self { methods, ..Self::any() }
            }
            _ => Self::other(written),
        }
    }

    /// The conditions of both. `None` if no request can meet them.
    fn and(&self, other: &Self) -> Option<Self> {
        Some(Self {
            domains: common(&self.domains, &other.domains)?,
            path: match (&self.path, &other.path) {
                (PathCondition::Any, path) | (path, PathCondition::Any) => path.clone(),
                (one, two) => PathCondition::All(vec![one.clone(), two.clone()]),
            },
            methods: common(&self.methods, &other.methods)?,
            others: [&self.others[..], &other.others].concat(),
        })
    }

    /// Merges two alternatives. `None` if they differ in more than one kind of condition.
    fn or(&self, other: &Self) -> Option<Self> {
        let same = (
            self.domains == other.domains,
            self.path == other.path,
            self.methods == other.methods,
            self.others == other.others,
        );
        let mut either = self.clone();
        match same {
            (_, true, true, true) => either.domains = united(&self.domains, &other.domains),
            (true, _, true, true) => {
                either.path = one_of(vec![self.path.clone(), other.path.clone()])
            }
            (true, true, _, true) => either.methods = united(&self.methods, &other.methods),
            _ => return None,
        }
        Some(either)
    }
}

/// A regular expression, which may match anywhere in the path.
fn searched(regex: &str) -> PathCondition {
    if regex.starts_with('^') && !regex.contains('|') {
        PathCondition::RegexPrefix(regex.to_owned())
    } else {
        PathCondition::Regex(format!(".*(?:{regex}).*"))
    }
}

/// At least one of these conditions.
fn one_of(all: Vec<PathCondition>) -> PathCondition {
    let mut flat = Vec::new();
    for condition in all {
        match condition {
            PathCondition::Any => return PathCondition::Any,
            PathCondition::OneOf(all) => flat.extend(all),
            other => flat.push(other),
        }
    }
    match <[PathCondition; 1]>::try_from(flat) {
        Ok([one]) => one,
        Err(all) => PathCondition::OneOf(all),
    }
}

/// The values in both lists. An empty list stands for all values. `None` if no value is in both.
fn common(one: &[String], two: &[String]) -> Option<Vec<String>> {
    if one.is_empty() || two.is_empty() {
        return Some([one, two].concat());
    }
    let is_common = |value: &&String| two.iter().any(|other| value.eq_ignore_ascii_case(other));
    let common: Vec<String> = one.iter().filter(is_common).cloned().collect();
    (!common.is_empty()).then_some(common)
}

/// The values of either list. An empty list stands for all values.
fn united(one: &[String], two: &[String]) -> Vec<String> {
    if one.is_empty() || two.is_empty() {
        return Vec::new();
    }
    let more = two.iter().filter(|value| !one.contains(value));
    one.iter().chain(more).cloned().collect()
}

/// Merges alternatives that differ in only one kind of condition.
fn merged(all: Vec<RuleConditions>) -> Vec<RuleConditions> {
    let mut joined: Vec<RuleConditions> = Vec::new();
    for mut next in all {
        // The result may in turn differ from another alternative in only one kind.
        while let Some((n, either)) =
            joined.iter().enumerate().find_map(|(n, one)| Some((n, one.or(&next)?)))
        {
            joined.remove(n);
            next = either;
        }
        joined.push(next);
    }
    joined
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
        // Escapes in double quotes are not supported.
        if quote == '"' && argument.contains('\\') {
            return None;
        }
        arguments.push(argument.to_owned());
        rest = after.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
}

#[cfg(test)]
mod tests;
