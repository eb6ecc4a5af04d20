//! The rules of Traefik's routers: ``Host(`a`) && (Path(`/b`) || PathPrefix(`/c/`))``.

use crate::found::PathCondition;

/// The conditions of a rule, as far as a route has them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RuleConditions {
    /// The hosts.
    pub domains: Vec<String>,
    /// The condition about the path.
    pub path: PathCondition,
    /// The methods.
    pub methods: Vec<String>,
    /// All other matchers, and negations, as written.
    pub others: Vec<String>,
}

impl RuleConditions {
    /// Parses a rule. A part that is not understood is in `others`.
    pub(crate) fn parse(rule: &str) -> Self {
        let mut conditions = Self {
            domains: Vec::new(),
            path: PathCondition::Any,
            methods: Vec::new(),
            others: Vec::new(),
        };
        let mut parser = Parser { rest: rule, conditions: &mut conditions };
        let path = parser.either();
        let rest = parser.rest.trim().to_owned();
        conditions.path = path;
        if !rest.is_empty() {
            conditions.others.push(rest);
        }
        conditions
    }
}

struct Parser<'r, 'c> {
    rest: &'r str,
    conditions: &'c mut RuleConditions,
}

impl Parser<'_, '_> {
    fn take(&mut self, token: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(token) {
            Some(after) => {
                self.rest = after;
                true
            }
            None => false,
        }
    }

    /// Operands of `||`. If one of them says nothing about the path, neither does the whole.
    fn either(&mut self) -> PathCondition {
        let mut all = vec![self.both()];
        while self.take("||") {
            all.push(self.both());
        }
        join(all, PathCondition::OneOf, |all| all.contains(&PathCondition::Any))
    }

    /// Operands of `&&`.
    fn both(&mut self) -> PathCondition {
        let mut all = vec![self.operand()];
        while self.take("&&") {
            all.push(self.operand());
        }
        all.retain(|condition| *condition != PathCondition::Any);
        join(all, PathCondition::All, Vec::is_empty)
    }

    fn operand(&mut self) -> PathCondition {
        if self.take("!") {
            let before = self.rest;
            let _ = self.operand();
            let taken = before.len().saturating_sub(self.rest.len());
            let negated = before.get(..taken).unwrap_or_default();
            self.conditions.others.push(format!("!{negated}"));
            return PathCondition::Any;
        }
        if self.take("(") {
            let inner = self.either();
            self.take(")");
            return inner;
        }
        self.matcher()
    }

    /// ``Name(`argument`, `argument`)``.
    fn matcher(&mut self) -> PathCondition {
        let rest = self.rest.trim_start();
        let Some((name, after)) = rest.split_once('(') else { return PathCondition::Any };
        let Some((arguments, after)) = arguments(after) else { return PathCondition::Any };
        let taken = rest.len().saturating_sub(after.len());
        let written = rest.get(..taken).unwrap_or_default().to_owned();
        self.rest = after;
        let path = |new: fn(String) -> PathCondition| {
            join(arguments.iter().cloned().map(new).collect(), PathCondition::OneOf, Vec::is_empty)
        };
        match name.trim() {
            "Path" => path(PathCondition::Exact),
            "PathPrefix" => path(PathCondition::Prefix),
            "PathRegexp" => path(PathCondition::RegexPrefix),
            "Host" => {
                self.conditions.domains.extend(arguments);
                PathCondition::Any
            }
            "Method" => {
                self.conditions.methods.extend(arguments);
                PathCondition::Any
            }
            _ => {
                self.conditions.others.push(written);
                PathCondition::Any
            }
        }
    }
}

/// The arguments of a matcher, in backquotes or double quotes, and the text behind the `)`.
fn arguments(text: &str) -> Option<(Vec<String>, &str)> {
    let mut arguments = Vec::new();
    let mut rest = text.trim_start();
    loop {
        if let Some(after) = rest.strip_prefix(')') {
            return Some((arguments, after));
        }
        let quote = rest.chars().next().filter(|c| *c == '`' || *c == '"')?;
        let (argument, after) = rest.get(1..)?.split_once(quote)?;
        arguments.push(argument.to_owned());
        rest = after.trim_start();
        rest = rest.strip_prefix(',').map_or(rest, str::trim_start);
    }
}

fn join(
    mut all: Vec<PathCondition>,
    new: fn(Vec<PathCondition>) -> PathCondition,
    is_any: fn(&Vec<PathCondition>) -> bool,
) -> PathCondition {
    if is_any(&all) {
        return PathCondition::Any;
    }
    if all.len() == 1 { all.remove(0) } else { new(all) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_rules() {
        let rule = "(Host(`a`) || Host(\"b\")) && Method(`GET`, `HEAD`) && !Path(`/c`) && Header(`x`, `y`) && PathRegexp(`^/d`)";
        let conditions = RuleConditions::parse(rule);
        assert_eq!(conditions.domains, ["a", "b"]);
        assert_eq!(conditions.methods, ["GET", "HEAD"]);
        assert_eq!(conditions.others, ["!Path(`/c`)", "Header(`x`, `y`)"]);
        assert_eq!(conditions.path, PathCondition::RegexPrefix("^/d".to_owned()));
        let broken = RuleConditions::parse("Host(`a`) && Path(`/b");
        assert_eq!(broken.others, ["Path(`/b"]);
    }
}
