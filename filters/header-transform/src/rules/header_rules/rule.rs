//! [`Rule`]: one rule of a set, and its effect on the lines of headers.

use std::borrow::Cow;

use crate::{
    rules::{bulk_removal::BulkRemoval, header_lines::HeaderLines},
    template::Value,
};

/// An index into `HeaderRules::names`.
pub(super) type NameIndex = usize;

#[derive(Clone, Debug)]
pub(super) enum Rule {
    RemoveBulk(BulkRemoval),
    Remove(NameIndex),
    Rename { old: NameIndex, new: NameIndex },
    Replace(NameIndex, Value),
    Add(NameIndex, Value),
    Append(NameIndex, Value),
}

impl Rule {
    /// Changes the lines in `fields`, which correspond to `HeaderRules::names`.
    pub(super) fn apply<'f>(
        &'f self,
        fields: &mut [HeaderLines<'f, '_>],
        value: &mut impl FnMut(&'f Value) -> Option<Cow<'f, [u8]>>,
        dropped: &mut impl FnMut(),
    ) {
        let (Rule::Remove(index)
        | Rule::Rename { old: index, .. }
        | Rule::Replace(index, _)
        | Rule::Add(index, _)
        | Rule::Append(index, _)) = self
        else {
            return;
        };
        let Some(field) = fields.get_mut(*index) else { return };
        match self {
            Rule::RemoveBulk(_) => {}
            Rule::Remove(_) => field.clear(),
            Rule::Rename { new, .. } => {
                let moved = field.take(dropped);
                if let Some(target) = fields.get_mut(*new).filter(|_| !moved.is_empty()) {
                    target.replace(moved);
                }
            }
            Rule::Replace(_, new) if field.is_present() => {
                if let Some(value) = value(new) {
                    field.replace(vec![value]);
                }
            }
            Rule::Add(_, new) if !field.is_present() => field.extend(value(new)),
            Rule::Replace(..) | Rule::Add(..) => {}
            Rule::Append(_, new) => field.extend(value(new)),
        }
    }
}
