//! The profile of a thread, in the format of callgrind:
//! <https://valgrind.org/docs/manual/cl-format.html>.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

/// A function: the file it is in, and its name. The name is an address if the file has no symbols.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Function {
    pub(crate) object: String,
    pub(crate) name: String,
}

/// Calls of one function by another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) count: u64,
    /// Instructions in these calls, with those of the callees.
    pub(crate) cost: u64,
}

/// The instructions of a thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    /// Instructions of each function, without its callees.
    pub(crate) own: BTreeMap<Function, u64>,
    /// By caller and callee.
    pub(crate) calls: BTreeMap<(Function, Function), Calls>,
}

impl Profile {
    /// # Errors
    /// If the text has another format.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser::default();
        for (number, line) in text.lines().enumerate() {
            parser.line(line).with_context(|| format!("line {}: {line}", number + 1))?;
        }
        Ok(parser.profile)
    }

    /// All instructions.
    pub(crate) fn total(&self) -> u64 {
        self.own.values().sum()
    }

    /// All calls from functions that satisfy `from` to functions that satisfy `to`, by callee.
    pub(crate) fn calls_between(
        &self,
        from: impl Fn(&Function) -> bool,
        to: impl Fn(&Function) -> bool,
    ) -> BTreeMap<&Function, Calls> {
        let mut found: BTreeMap<&Function, Calls> = BTreeMap::new();
        for ((caller, callee), calls) in &self.calls {
            if from(caller) && to(callee) {
                let sum = found.entry(callee).or_default();
                sum.count += calls.count;
                sum.cost += calls.cost;
            }
        }
        found
    }
}

/// The state while reading: the names so far, and whose lines follow.
#[derive(Default)]
struct Parser {
    profile: Profile,
    objects: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    object: String,
    function: String,
    callee_object: Option<String>,
    callee: String,
    /// Set between a line `calls=` and the line with its cost.
    calls: Option<u64>,
}

impl Parser {
    fn line(&mut self, line: &str) -> Result<()> {
        match line.split_once('=') {
            Some(("ob", name)) => self.object = full(&mut self.objects, name)?,
            Some(("fn", name)) => self.function = full(&mut self.names, name)?,
            Some(("cob", name)) => self.callee_object = Some(full(&mut self.objects, name)?),
            Some(("cfn", name)) => self.callee = full(&mut self.names, name)?,
            Some(("calls", counts)) => {
                let count = counts.split(' ').next().unwrap_or_default();
                self.calls = Some(count.parse()?);
            }
            _ if line
                .starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) =>
            {
                let cost = line.split(' ').nth(1).context("no cost")?.parse()?;
                self.cost(cost);
            }
            // The header, and source files.
            _ => {}
        }
        Ok(())
    }

    fn cost(&mut self, cost: u64) {
        let function = Function { object: self.object.clone(), name: self.function.clone() };
        let Some(count) = self.calls.take() else {
            *self.profile.own.entry(function).or_default() += cost;
            return;
        };
        // Without a line `cob`, the callee is in the file of the caller.
        let object = self.callee_object.take().unwrap_or_else(|| self.object.clone());
        let callee = Function { object, name: self.callee.clone() };
        let sum = self.profile.calls.entry((function, callee)).or_default();
        sum.count += count;
        sum.cost += cost;
    }
}

/// The name in `(3) name`, or for a mere `(3)`, the name that this number had before.
fn full(known: &mut BTreeMap<String, String>, text: &str) -> Result<String> {
    match text.split_once(' ') {
        Some((number, name)) => {
            known.insert(number.to_owned(), name.to_owned());
            Ok(name.to_owned())
        }
        None => known.get(text).cloned().with_context(|| format!("{text} has no name")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# callgrind format
version: 1
positions: line
events: Ir

ob=(1) /bin/envoy
fl=(1) ???
fn=(1) 0x10
0 5
cob=(2) ???
cfi=(1)
cfn=(2) 0x20
calls=2 0
0 100
0 7
cfn=(3) 0x30
calls=1 0
* 40

ob=(2)
fn=(2)
+3 100

ob=(1)
fn=(3)
-1 40
totals: 152
";

    fn function(object: &str, name: &str) -> Function {
        Function { object: object.to_owned(), name: name.to_owned() }
    }

    #[test]
    fn reads_functions_and_calls() {
        let profile = Profile::parse(TEXT).unwrap();
        assert_eq!(profile.total(), 152);
        assert_eq!(profile.own.get(&function("/bin/envoy", "0x10")), Some(&12));
        let callees = profile.calls_between(|caller| caller.name == "0x10", |_| true);
        assert_eq!(
            callees.into_iter().collect::<Vec<_>>(),
            [
                (&function("/bin/envoy", "0x30"), Calls { count: 1, cost: 40 }),
                (&function("???", "0x20"), Calls { count: 2, cost: 100 }),
            ]
        );
    }

    #[test]
    fn rejects_unknown_numbers() {
        let error = Profile::parse("fn=(7)\n").unwrap_err();
        assert_eq!(format!("{error:#}"), "line 1: fn=(7): (7) has no name");
    }
}
