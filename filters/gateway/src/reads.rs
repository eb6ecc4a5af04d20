//! What filters read of a head, and which edits of others they can see.

use novasphere_core::{Edit, Headers, Read};

/// What the filters read of a head, all together.
#[derive(Debug)]
pub(crate) enum Reads {
    Nothing,
    Named(Vec<String>),
    WholeIfAny(Vec<String>),
    Whole,
}

impl Reads {
    pub(crate) fn of<'r>(all: impl Iterator<Item = Read<'r>>) -> Self {
        all.fold(Self::Nothing, |reads, read| match (reads, read) {
            (reads, Read::Nothing) => reads,
            (Self::Nothing, Read::Named(names)) => Self::Named(names.to_vec()),
            (Self::Nothing, Read::WholeIfAny(names)) => Self::WholeIfAny(names.to_vec()),
            (Self::Named(known), Read::Named(names)) => Self::Named(union(known, names)),
            (Self::WholeIfAny(known), Read::WholeIfAny(names)) => {
                Self::WholeIfAny(union(known, names))
            }
            _ => Self::Whole,
        })
    }

    pub(crate) fn read(&self) -> Read<'_> {
        match self {
            Reads::Nothing => Read::Nothing,
            Reads::Named(names) => Read::Named(names),
            Reads::WholeIfAny(names) => Read::WholeIfAny(names),
            Reads::Whole => Read::Whole,
        }
    }
}

/// Whether a filter that reads so much of a head can see that it was edited so.
pub(crate) fn seen_by(read: Read<'_>, edits: &[Edit<'_>], headers: &Headers<'_>) -> bool {
    let edited =
        |names: &[String]| edits.iter().any(|edit| names.iter().any(|name| name == edit.name()));
    !edits.is_empty()
        && match read {
            Read::Nothing => false,
            Read::Named(names) => edited(names),
            Read::WholeIfAny(names) => {
                edited(names) || names.iter().any(|name| headers.contains(name))
            }
            Read::Whole => true,
        }
}

fn union(mut known: Vec<String>, names: &[String]) -> Vec<String> {
    for name in names {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    known
}
