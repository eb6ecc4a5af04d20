//! Where the fields of a configuration belong, for faults about misplaced fields.

use serde::de::DeserializeOwned;

use super::{
    cursor::deserialize,
    field_hints::is_same_name,
    mismatch::{Details, Mismatch, Problem},
    node::Node,
};

/// An object of a configuration and the names of its fields.
pub(super) struct Home {
    /// Its path without indices, such as `jwks[]`. Empty for the configuration as a whole.
    path: String,
    fields: &'static [&'static str],
}

/// All objects that a configuration can have.
///
/// Decodes a tree that is one probe. Each round ends at a probe: one that stands for an object gets
/// that object's fields as probes, one that stands for a list gets one item, and any other is
/// removed. So the types stay the only list of the fields.
#[cold]
pub(super) fn homes<T: DeserializeOwned>() -> Vec<Home> {
    let mut root = Node::probe();
    let mut homes = Vec::new();
    while let Err(Mismatch(details)) = deserialize::<T>(&root, false) {
        let Details { steps, problem, .. } = *details;
        let replaced = match problem {
            Problem::ProbedObject(fields) => {
                let path = without_indices(&root.describe(&steps, None));
                homes.push(Home { path, fields });
                root.replace(&steps, Node::object_of_probes(fields))
            }
            Problem::ProbedList => root.replace(&steps, Node::list_of_probe()),
            _ => root.remove(&steps),
        };
        if !replaced {
            break;
        }
    }
    homes
}

/// `rules[3].claim` becomes `rules[].claim`.
pub(super) fn without_indices(path: &str) -> String {
    path.split('[')
        .enumerate()
        .map(|(number, part)| match number {
            0 => part.to_owned(),
            _ => format!("[{}", part.trim_start_matches(|c: char| c.is_ascii_digit())),
        })
        .collect()
}

/// Where the field `name` belongs, if not in the object at `path`. Nearby objects come first: objects
/// inside it, then objects of the same name, then objects in the same part.
#[cold]
pub(super) fn belonging(homes: &[Home], path: &str, name: &str) -> Option<String> {
    let last = |path: &str| path.rsplit('.').next().map(str::to_owned);
    let first = |path: &str| path.split('.').next().map(str::to_owned);
    let rank = |home: &Home| {
        let is_inside = path.is_empty() || home.path.strip_prefix(path).is_some_and(is_step);
        let far = match () {
            () if is_inside => 0,
            () if last(&home.path) == last(path) => 1,
            () if first(&home.path) == first(path) => 2,
            () => 3,
        };
        (far, home.path.matches(['.', '[']).count())
    };
    let fitting = || {
        let fields = homes.iter().filter(|home| home.path != path);
        fields.filter_map(|home| Some((home, home.field(name)?)))
    };
    let best = fitting().map(|(home, _)| rank(home)).min()?;
    let mut nearest = fitting().filter(|(home, _)| rank(home) == best).peekable();
    let (home, field) = nearest.peek()?;
    if home.path.is_empty() {
        return Some(format!("{} at the top level", place(field, name)));
    }
    let place = place(field, name);
    // A field of all rules, such as `headers`, would name every rule.
    let paths: Vec<_> = nearest.map(|(home, _)| home.path.as_str()).take(3).collect();
    Some(format!("{place} in {}", paths.join(" or ")))
}

fn place(field: &str, written: &str) -> String {
    if field == written { "it belongs".to_owned() } else { format!("use {field}") }
}

fn is_step(rest: &str) -> bool {
    rest.starts_with(['.', '['])
}

impl Home {
    /// The field that `name` means.
    fn field(&self, name: &str) -> Option<&'static str> {
        self.fields.iter().find(|field| is_same_name(field, name)).copied()
    }
}
