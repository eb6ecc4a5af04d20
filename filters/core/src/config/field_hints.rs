//! [`FieldHints`]: a filter's knowledge about the names, numbers and lists in its configuration.

use super::duration;

/// A filter's knowledge about names, numbers and lists in its configuration. Only faults use it.
#[derive(Clone, Copy)]
pub struct FieldHints {
    /// Names that other products give to a setting, separated by spaces, and what to write here. A
    /// word of a field is `field=word`. Case, `-` and `_` do not matter, so that one entry covers
    /// `allow_origins`, `allow-origins` and `allowOrigins`.
    pub foreign_names: &'static [(&'static str, &'static str)],
    /// The fields that are numbers.
    pub numbers: &'static [NumberField],
    /// The fields that are lists, except lists of texts.
    pub lists: &'static [ListField],
}

/// Fields that are lists with entries of the same form.
#[derive(Clone, Copy)]
pub struct ListField {
    /// The fields' names, separated by spaces. To tell two fields of one name apart, a name starts
    /// with the field around it: `required_claims[].one_of`.
    pub names: &'static str,
    /// The form of an entry.
    pub entry: ListEntry,
}

/// The form of a list's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListEntry {
    /// An object. With an example, as JSON.
    Object(&'static str),
    /// A text or an object. With an example of an object, as JSON.
    TextOrObject(&'static str),
    /// A text, number or boolean.
    Scalar,
}

/// Fields that are whole numbers with the same bounds and unit.
#[derive(Clone, Copy)]
pub struct NumberField {
    /// The fields' names, separated by spaces.
    pub names: &'static str,
    /// The lowest accepted number.
    pub min: u32,
    /// The highest accepted number.
    pub max: u32,
    /// The unit.
    pub unit: NumberUnit,
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberUnit {
    /// No unit, for a count.
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl FieldHints {
    /// The remedy for `written`, which is a name or `field=word`.
    pub fn remedy(&self, written: &str) -> Option<&'static str> {
        let is_listed = |names: &str| names.split(' ').any(|name| is_same_name(name, written));
        self.foreign_names.iter().find(|(names, _)| is_listed(names)).map(|(_, remedy)| *remedy)
    }

    pub(super) fn number(&self, field: &str) -> Option<&'static NumberField> {
        self.numbers.iter().find(|number| number.names.split(' ').any(|name| name == field))
    }

    /// The form of the entries of the list at `path`, which has no indices. `None` for texts.
    pub(super) fn list_entry(&self, path: &str) -> Option<ListEntry> {
        let is_named = |name: &str| {
            let outer = path.strip_suffix(name);
            outer.is_some_and(|outer| outer.is_empty() || outer.ends_with('.'))
        };
        let mut lists = self.lists.iter();
        lists.find(|list| list.names.split(' ').any(is_named)).map(|list| list.entry)
    }
}

impl NumberField {
    /// The accepted numbers, such as `a whole number of seconds from 0 to 3,600`.
    pub(super) fn expected(&self) -> String {
        let unit = match self.unit {
            NumberUnit::Count => "",
            NumberUnit::Seconds => " of seconds",
            NumberUnit::Milliseconds => " of milliseconds",
        };
        whole_number(unit, self.min.into(), self.max.into())
    }

    /// The number for a duration such as `5m`.
    pub(super) fn of_duration(&self, text: &str) -> Option<u64> {
        let milliseconds = duration::milliseconds(text)?;
        match self.unit {
            NumberUnit::Count => None,
            NumberUnit::Seconds if milliseconds % 1_000 != 0 => None,
            NumberUnit::Seconds => Some(milliseconds / 1_000),
            NumberUnit::Milliseconds => Some(milliseconds),
        }
    }
}

/// Bounds in words.
pub(super) fn whole_number(unit: &str, min: u64, max: u64) -> String {
    format!("a whole number{unit} from {} to {}", with_separators(min), with_separators(max))
}

/// A number for readers: `4,294,967,295`.
///
/// ```
/// assert_eq!(novasphere_core::with_separators(999_u32), "999");
/// assert_eq!(novasphere_core::with_separators(86_400_u32), "86,400");
/// assert_eq!(novasphere_core::with_separators(u32::MAX), "4,294,967,295");
/// ```
pub fn with_separators(number: impl Into<u64>) -> String {
    separated(&number.into().to_string())
}

/// Separate and cold, so that a module contains this code once.
#[cold]
#[inline(never)]
fn separated(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Whether two names differ at most in case, `-` and `_`.
pub(super) fn is_same_name(a: &str, b: &str) -> bool {
    let letters = |name: &str| -> Vec<u8> {
        let kept = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_'));
        kept.map(|byte| byte.to_ascii_lowercase()).collect()
    };
    letters(a) == letters(b)
}
