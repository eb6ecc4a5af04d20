//! The forms of a node: integer, list, object. Not generic, so that a module contains this code once.

use serde::de;

use super::Cursor;
use crate::{
    Json,
    config::{
        mismatch::{Got, Mismatch, Problem},
        node::{Kind, Node, Rejection},
    },
};

pub(super) enum Integer {
    Unsigned(u64),
    Signed(i64),
}

/// An object, or the form that some structs accept instead.
pub(super) enum Object<'de> {
    Members(&'de [(String, Node)]),
    /// `true` stands for all defaults.
    Switch(bool),
}

impl<'de> Cursor<'de> {
    /// `expected` names the forms of the field, such as `true, false or an object`.
    #[cold]
    pub(super) fn not_an_object(&self, expected: &dyn de::Expected, fields: &[&str]) -> Mismatch {
        let form = fields.first().map(|field| format!("{{\"{field}\": …}}"));
        let got = match &self.node.kind {
            // The string may be a whole object as text, with its secrets.
            Kind::String(_) => "a string".to_owned(),
            Kind::Number(_) if self.sensitive => "a number".to_owned(),
            _ => Got(self.node.unexpected()).to_string(),
        };
        let expected = expected.to_string();
        // Derived structs name their type instead.
        let other_forms = expected.strip_suffix("an object").unwrap_or_default();
        let mismatch = match form {
            Some(form) if !other_forms.is_empty() => {
                Mismatch::new(format_args!("{other_forms}{form}"), got)
            }
            Some(form) => Mismatch::new("an object", got).because(Problem::Object(form)),
            None => Mismatch::new("an object", got),
        };
        mismatch.at(&self.steps)
    }

    /// The integer of the node, if it is one. Accepts `5.0` for 5.
    #[cold]
    pub(super) fn integer(&self) -> Option<Integer> {
        let number = match (&self.node.kind, self.scalar()) {
            (_, Some(Json::Number(number))) => number,
            (Kind::Number(number), _) => number.clone(),
            _ => return None,
        };
        match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(value), _, _) => Some(Integer::Unsigned(value)),
            (_, Some(value), _) => Some(Integer::Signed(value)),
            // A double represents every integer up to 2^53 exactly.
            #[allow(clippy::cast_possible_truncation)] // in range, checked
            (_, _, Some(f)) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => {
                Some(if f < 0.0 { Integer::Signed(f as i64) } else { Integer::Unsigned(f as u64) })
            }
            _ => None,
        }
    }

    /// The items of a list. Accepts `{}` as an empty list: some hosts process configurations with
    /// Lua, which has one type for both. Accepts `""` if the host passes values as text.
    #[cold]
    pub(super) fn list(&self, expected: &dyn de::Expected) -> Result<&'de [Node], Mismatch> {
        match &self.node.kind {
            Kind::Array(items) => Ok(items),
            Kind::Probe => Err(Mismatch::probed(Problem::ProbedList, &self.steps)),
            Kind::Object(members) if members.is_empty() => Ok(&[]),
            _ if self.value_as_text() == Some("") => Ok(&[]),
            _ => Err(self.mismatch(expected)),
        }
    }

    /// The members of an object with these fields, or the boolean beside other forms.
    #[cold]
    pub(super) fn object(
        &self,
        expected: &dyn de::Expected,
        fields: &'static [&'static str],
    ) -> Result<Object<'de>, Mismatch> {
        let members = match (&self.node.kind, self.value_as_text()) {
            (Kind::Object(members), _) => members.as_slice(),
            (Kind::Probe, _) => {
                return Err(Mismatch::probed(Problem::ProbedObject(fields), &self.steps));
            }
            (_, Some("")) => &[],
            _ => {
                return match (&self.node.kind, self.scalar()) {
                    (Kind::Bool(value), _) => Ok(Object::Switch(*value)),
                    (_, Some(Json::Bool(value))) => Ok(Object::Switch(value)),
                    _ => Err(self.not_an_object(expected, fields)),
                };
            }
        };
        reject_members(members, fields);
        Ok(Object::Members(members))
    }
}

/// Rejects unknown members, and members that are null.
fn reject_members(members: &[(String, Node)], fields: &'static [&'static str]) {
    for (name, value) in members {
        if matches!(value.kind, Kind::Null) {
            // A blank value must not silently lift a restriction.
            value.rejected.set(Some(Rejection::Null));
        } else if !fields.contains(&name.as_str()) && !matches!(value.kind, Kind::Removed) {
            value.rejected.set(Some(Rejection::Unknown(fields)));
        }
    }
}
