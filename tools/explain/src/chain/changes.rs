//! The changes to a head, header by header.

use novasphere_core::trace::TracedMutation;

use crate::Line;

/// A header that changed, with all its lines before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The name in lower case. `:path` for the request target.
    pub name: String,
    /// The values before.
    pub before: Vec<Vec<u8>>,
    /// The values after.
    pub after: Vec<Vec<u8>>,
}

/// Applies mutations to lines. Returns what changed.
pub(super) fn apply(lines: &mut Vec<Line>, mutations: &[TracedMutation]) -> Vec<Change> {
    let before = lines.clone();
    for mutation in mutations {
        match mutation {
            TracedMutation::Set(name, value) => {
                remove(lines, name);
                lines.push((name.clone().into_bytes(), value.clone()));
            }
            TracedMutation::Add(name, value) => {
                lines.push((name.clone().into_bytes(), value.clone()));
            }
            TracedMutation::Remove(name) => remove(lines, name),
            TracedMutation::Target(target) => {
                let paths = lines.iter_mut().filter(|(name, _)| name == b":path");
                paths.for_each(|(_, value)| value.clone_from(target));
            }
        }
    }
    between(&before, lines)
}

/// The headers that differ between two lists of lines.
pub(super) fn between(before: &[Line], after: &[Line]) -> Vec<Change> {
    let mut names: Vec<&[u8]> = Vec::new();
    for (name, _) in before.iter().chain(after) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    let values = |lines: &[Line], name: &[u8]| -> Vec<Vec<u8>> {
        let same = lines.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.clone()).collect()
    };
    let changes = names.into_iter().map(|name| Change {
        name: String::from_utf8_lossy(name).to_ascii_lowercase(),
        before: values(before, name),
        after: values(after, name),
    });
    changes.filter(|change| change.before != change.after).collect()
}

fn remove(lines: &mut Vec<Line>, name: &str) {
    lines.retain(|(own, _)| !own.eq_ignore_ascii_case(name.as_bytes()));
}
