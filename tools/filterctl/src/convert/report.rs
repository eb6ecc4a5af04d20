//! [`Report`]: the fate of each part of the input.

use std::io::Write;

use anyhow::Result;

use crate::{
    found::{Place, Project},
    report::written_place,
};

/// The fate of a part of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The output does the same.
    Converted,
    /// The output differs, as the message says.
    Changed,
    /// The output rejects the requests of a route.
    Blocked,
    /// The output lacks it.
    LeftOut,
    /// The part has no effect in the input.
    NotNeeded,
    /// The output does the same, and that may not be intended.
    Note,
}

impl Fate {
    /// The words of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::Changed => "changed",
            Self::Blocked => "blocked",
            Self::LeftOut => "left out",
            Self::NotNeeded => "not needed",
            Self::Note => "note",
        }
    }
}

/// An entry of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The fate of the part.
    pub fate: Fate,
    /// Where the part is. `None` for the input as a whole.
    pub place: Option<Place>,
    /// The part and the reason, without secrets.
    pub message: String,
}

/// An environment variable that the output reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// The value to set, in words.
    pub meaning: String,
    /// The value in the input.
    pub place: Option<Place>,
}

/// The fate of each part of the input.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The entries, in the order in which they were found.
    pub entries: Vec<Entry>,
    /// The variables to set.
    pub variables: Vec<Variable>,
}

impl Report {
    /// The output does the same.
    pub fn converted(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Fate::Converted, Some(place), message.into());
    }

    /// The output differs.
    pub fn changed(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Fate::Changed, Some(place), message.into());
    }

    /// The output rejects the requests of a route.
    pub fn blocked(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Fate::Blocked, Some(place), message.into());
    }

    /// The output lacks a part.
    pub fn left_out(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Fate::LeftOut, Some(place), message.into());
    }

    /// A part has no effect in the input.
    pub fn not_needed(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Fate::NotNeeded, Some(place), message.into());
    }

    /// The output does the same, and that may not be intended.
    pub fn note(&mut self, place: &Place, message: impl Into<String>) {
        self.add(Fate::Note, Some(place), message.into());
    }

    /// Adds an entry, unless it is there already.
    pub fn add(&mut self, fate: Fate, place: Option<&Place>, message: String) {
        let entry = Entry { fate, place: place.cloned(), message };
        if !self.entries.contains(&entry) {
            self.entries.push(entry);
        }
    }

    /// Returns a variable with an unused name: `base`, or `base` and the letters of `suffix`. A value
    /// that has a variable, because several routes use it, keeps it.
    pub fn variable(
        &mut self,
        base: &str,
        suffix: &str,
        meaning: impl Into<String>,
        place: Option<&Place>,
    ) -> String {
        let letters =
            |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let suffix: String = suffix.chars().map(letters).take(64).collect();
        let suffix = suffix.trim_matches('_');
        let stem = if suffix.is_empty() { base.to_owned() } else { format!("{base}_{suffix}") };
        let meaning = meaning.into();
        let is_same = |v: &&Variable| {
            v.name.starts_with(&stem) && v.meaning == meaning && v.place.as_ref() == place
        };
        if place.is_some()
            && let Some(known) = self.variables.iter().find(is_same)
        {
            return known.name.clone();
        }
        let is_used = |name: &String| self.variables.iter().any(|v| v.name == *name);
        let numbered = (2_u32..).map(|n| format!("{stem}_{n}"));
        let mut names = std::iter::once(stem.clone()).chain(numbered);
        let name = names.find(|name| !is_used(name)).unwrap_or(stem);
        self.set_variable(&name, meaning, place);
        name
    }

    /// Adds a variable that has a name already.
    pub fn set_variable(&mut self, name: &str, meaning: impl Into<String>, place: Option<&Place>) {
        if !self.variables.iter().any(|variable| variable.name == name) {
            let (name, meaning) = (name.to_owned(), meaning.into());
            self.variables.push(Variable { name, meaning, place: place.cloned() });
        }
    }

    /// The number of entries with this fate.
    pub fn count(&self, fate: Fate) -> usize {
        self.entries.iter().filter(|entry| entry.fate == fate).count()
    }

    /// Writes the report: entries by place, variables, and a summary.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&self, project: &Project, out: &mut dyn Write) -> Result<()> {
        let mut sorted: Vec<&Entry> = self.entries.iter().collect();
        let key = |entry: &Entry| entry.place.as_ref().map(|p| (p.file, p.span.start));
        sorted.sort_by_key(|entry| key(entry));
        for Entry { fate, place, message } in sorted {
            let place = place.as_ref().map(|place| written_place(place, project));
            let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
            writeln!(out, "{place}{}: {message}", fate.name())?;
        }
        if !self.variables.is_empty() {
            writeln!(out, "\nVariables to set in the proxy's environment:")?;
        }
        for Variable { name, meaning, place } in &self.variables {
            let place = place.as_ref().map(|place| written_place(place, project));
            let place = place.map(|place| format!(", {place}")).unwrap_or_default();
            writeln!(out, "  {name}: {meaning}{place}")?;
        }
        let fates = [Fate::Converted, Fate::Changed, Fate::Blocked, Fate::LeftOut];
        let counts = fates.map(|fate| format!("{} {}", self.count(fate), fate.name()));
        writeln!(out, "\n{}", counts.join(", "))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_distinct_valid_names() {
        let mut report = Report::default();
        let names = ["", "", "a-b", "a.b", "--"].map(|s| report.variable("KEY", s, "x", None));
        assert_eq!(names, ["KEY", "KEY_2", "KEY_A_B", "KEY_A_B_2", "KEY_3"]);
    }

    #[test]
    fn one_value_has_one_variable() {
        let mut report = Report::default();
        let place = Place { file: 0, span: 1..2 };
        let mut variable = |meaning, place| report.variable("KEY", "", meaning, place);
        assert_eq!(variable("key 1", Some(&place)), "KEY");
        assert_eq!(variable("key 2", Some(&place)), "KEY_2");
        assert_eq!(variable("key 1", Some(&place)), "KEY");
    }
}
