//! The mutations of a request's headers, as host calls that take effect on nginx.
//!
//! A removed header still goes upstream. Setting a header changes its first line only. So a header
//! is removed by setting it to an empty value, and a header that a filter sets or removes may occur
//! once only, in any spelling: an upstream that reads `_` as `-` could otherwise mistake the
//! client's own line for the filter's.

use std::{error::Error, fmt};

use novasphere_core::{HeaderMutation, HeaderName};
use novasphere_host_facts::kong::{SINGLE_LINE_HEADERS, UNREMOVABLE_HEADERS};
use novasphere_messages::mutations::header_name;

use crate::{dialect::Line, fault::Fault};

/// A host call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Call<'m> {
    /// Replaces the only line of the name, or adds it.
    Replace(&'m HeaderName, &'m [u8]),
    /// Adds a line.
    Add(&'m HeaderName, &'m [u8]),
    /// Replaces the only line of the name, or adds it, with several values as a list.
    Join(&'m HeaderName, Vec<u8>),
}

/// Why mutations cannot be applied.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum InvalidMutation<'m> {
    /// The client sent more than one line of a header that the filter sets or removes.
    Repeated(&'m HeaderName),
    /// The filter removes a header that nginx itself needs.
    Protected(&'m HeaderName),
    /// The filter adds a second line of a header of which nginx sends one.
    SingleLine(&'m HeaderName),
}

impl fmt::Display for InvalidMutation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repeated(name) => write!(f, "The header {name} may be sent once only"),
            Self::Protected(name) => write!(f, "take {name} away: nginx needs it"),
            Self::SingleLine(name) => write!(f, "add a line {name}: nginx sends only one"),
        }
    }
}

impl Error for InvalidMutation<'_> {}

impl From<InvalidMutation<'_>> for Fault {
    fn from(invalid: InvalidMutation<'_>) -> Self {
        let message = invalid.to_string();
        match invalid {
            InvalidMutation::Repeated(_) => Self::Client { status: 400, message },
            InvalidMutation::Protected(_) | InvalidMutation::SingleLine(_) => Self::Unable(message),
        }
    }
}

/// Headers that nginx needs for the message's target and framing.
const MESSAGE: [&str; 3] = ["content-length", "host", "transfer-encoding"];

/// Further headers of which nginx silently drops a second line. Their values are lists, so one line
/// can hold several (RFC 9110 section 5.6.1).
const LISTS: [&str; 4] = ["accept-encoding", "if-match", "if-none-match", "via"];

/// The host calls that apply `mutations` to a request with the lines of `raw`, the host's map.
pub(super) fn plan<'m>(
    raw: &[Line<'m>],
    mutations: &'m [HeaderMutation<'_>],
) -> Result<Vec<Call<'m>>, InvalidMutation<'m>> {
    let mut fields: Vec<Field<'m>> = Vec::new();
    for mutation in mutations {
        let Some(name) = header_name(mutation) else { continue };
        let index = fields.iter().position(|field| field.name == name).unwrap_or_else(|| {
            fields.push(Field::of(raw, name));
            fields.len().saturating_sub(1)
        });
        if let Some(field) = fields.get_mut(index) {
            field.mutate(mutation);
        }
    }
    let mut calls = Vec::new();
    for field in fields {
        field.plan(&mut calls)?;
    }
    Ok(calls)
}

/// The lines of a header that some mutation changes.
struct Field<'m> {
    name: &'m HeaderName,
    /// The value of the client's first line.
    first: Option<&'m [u8]>,
    /// The number of the client's lines in any spelling, see [`HeaderName::matches_loosely`].
    similar: usize,
    /// Whether a mutation sets or removes the header.
    is_owned: bool,
    /// Whether the client's lines stay.
    keeps_client_lines: bool,
    /// The values that follow the client's lines.
    values: Vec<&'m [u8]>,
}

impl<'m> Field<'m> {
    fn of(raw: &[Line<'m>], name: &'m HeaderName) -> Self {
        Self {
            name,
            first: raw.iter().find(|(line, _)| name.matches(line)).map(|(_, value)| *value),
            similar: raw.iter().filter(|(line, _)| name.matches_loosely(line)).count(),
            is_owned: false,
            keeps_client_lines: true,
            values: Vec::new(),
        }
    }

    fn mutate(&mut self, mutation: &'m HeaderMutation<'_>) {
        match mutation {
            HeaderMutation::Set(_, value) => {
                (self.is_owned, self.keeps_client_lines) = (true, false);
                self.values = vec![value];
            }
            HeaderMutation::Remove(_) => {
                (self.is_owned, self.keeps_client_lines) = (true, false);
                self.values.clear();
            }
            HeaderMutation::Add(_, value) => self.values.push(value),
            HeaderMutation::Target(_) => {}
        }
    }

    fn plan(self, calls: &mut Vec<Call<'m>>) -> Result<(), InvalidMutation<'m>> {
        let Self { name, first, similar, is_owned, keeps_client_lines, values } = self;
        if is_owned && first.is_none() && values.is_empty() {
            return Ok(());
        }
        let is_one_of = |names: &[&str]| names.contains(&name.as_str());
        // An empty line counts as absent.
        let kept = first.filter(|value| keeps_client_lines && !value.is_empty());
        let is_repeated = kept.iter().count().saturating_add(values.len()) > 1;
        if is_repeated && is_one_of(&SINGLE_LINE_HEADERS) {
            return Err(InvalidMutation::SingleLine(name));
        }
        let is_joined = is_repeated && is_one_of(&LISTS);
        let is_owned = is_owned || is_joined;
        if is_owned && (similar > 1 || (similar == 1 && first.is_none())) {
            return Err(InvalidMutation::Repeated(name));
        }
        if is_joined {
            let list: Vec<&[u8]> = kept.into_iter().chain(values).collect();
            calls.push(Call::Join(name, list.join(&b", "[..])));
            return Ok(());
        }
        let mut values = values.into_iter();
        match first {
            Some(_) if kept.is_some() || (keeps_client_lines && similar > 1) => {}
            Some(first) => match values.next() {
                Some(value) => calls.push(Call::Replace(name, value)),
                None if first.is_empty() => {}
                None if is_one_of(&MESSAGE) || is_one_of(&UNREMOVABLE_HEADERS) => {
                    return Err(InvalidMutation::Protected(name));
                }
                None => calls.push(Call::Replace(name, b"")),
            },
            None => calls.extend(values.next().map(|value| Call::Replace(name, value))),
        }
        calls.extend(values.map(|value| Call::Add(name, value)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    static ID: HeaderName = HeaderName::from_static("x-user-id");
    static UNDERSCORES: HeaderName = HeaderName::from_static("x_user_id");

    fn set<'m>(name: &'m HeaderName, value: &'static [u8]) -> HeaderMutation<'m> {
        HeaderMutation::Set(name, Cow::Borrowed(value))
    }

    fn add<'m>(name: &'m HeaderName, value: &'static [u8]) -> HeaderMutation<'m> {
        HeaderMutation::Add(name, Cow::Borrowed(value))
    }

    #[test]
    fn removed_header_is_emptied() {
        assert_eq!(
            plan(&[(b"X-User-ID", b"evil")], &[HeaderMutation::remove(&ID)]),
            Ok(vec![Call::Replace(&ID, b"")])
        );
        assert_eq!(plan(&[], &[HeaderMutation::remove(&ID)]), Ok(vec![]));
        assert_eq!(plan(&[(b"x-user-id", b"")], &[HeaderMutation::remove(&ID)]), Ok(vec![]));
    }

    #[test]
    fn last_mutation_wins() {
        let raw: &[Line] = &[(b"x-user-id", b"evil")];
        let mutations = [HeaderMutation::remove(&ID), set(&ID, b"alice")];
        assert_eq!(plan(raw, &mutations), Ok(vec![Call::Replace(&ID, b"alice")]));
        let mutations = [set(&ID, b"alice"), HeaderMutation::remove(&ID)];
        assert_eq!(plan(raw, &mutations), Ok(vec![Call::Replace(&ID, b"")]));
        let mutations = [set(&ID, b"1"), add(&ID, b"2")];
        assert_eq!(plan(raw, &mutations), Ok(vec![Call::Replace(&ID, b"1"), Call::Add(&ID, b"2")]));
    }

    #[test]
    fn rejects_repeated_header_that_a_filter_owns() {
        let twice: &[Line] = &[(b"x-user-id", b"alice"), (b"X-User-Id", b"evil")];
        let empty_first: &[Line] = &[(b"x-user-id", b""), (b"X-User-Id", b"evil")];
        let both: &[Line] = &[(b"x-user-id", b"a"), (b"X_User_Id", b"b")];
        for raw in [twice, empty_first, both] {
            for mutation in [set(&ID, b"alice"), HeaderMutation::remove(&ID)] {
                assert_eq!(plan(raw, &[mutation]), Err(InvalidMutation::Repeated(&ID)), "{raw:?}");
            }
        }
    }

    #[test]
    fn rejects_other_spelling_of_a_header_that_a_filter_sets() {
        let raw: &[Line] = &[(b"X_User_Id", b"evil")];
        let mutations = [HeaderMutation::remove(&UNDERSCORES), set(&ID, b"alice")];
        assert_eq!(plan(raw, &mutations), Err(InvalidMutation::Repeated(&ID)));
        assert_eq!(plan(raw, &mutations[..1]), Ok(vec![Call::Replace(&UNDERSCORES, b"")]));
    }

    #[test]
    fn adds_lines_to_a_repeated_header() {
        let one: &[Line] = &[(b"x-user-id", b"1")];
        assert_eq!(plan(one, &[add(&ID, b"2")]), Ok(vec![Call::Add(&ID, b"2")]));
        let two: &[Line] = &[(b"x-user-id", b""), (b"x-user-id", b"1")];
        assert_eq!(plan(two, &[add(&ID, b"2")]), Ok(vec![Call::Add(&ID, b"2")]));
        // An emptied line is reused.
        let emptied: &[Line] = &[(b"x-user-id", b"")];
        assert_eq!(plan(emptied, &[add(&ID, b"2")]), Ok(vec![Call::Replace(&ID, b"2")]));
    }

    #[test]
    fn appends_to_the_only_line_of_a_list() {
        let etags = HeaderName::from_static("if-none-match");
        let raw: &[Line] = &[(b"If-None-Match", b"\"a\"")];
        let joined = |list: &[u8]| Ok(vec![Call::Join(&etags, list.to_vec())]);
        assert_eq!(plan(raw, &[add(&etags, b"\"b\"")]), joined(b"\"a\", \"b\""));
        let twice = [add(&etags, b"\"b\""), add(&etags, b"\"c\"")];
        assert_eq!(plan(&[], &twice), joined(b"\"b\", \"c\""));
        let empty: &[Line] = &[(b"If-None-Match", b"")];
        assert_eq!(plan(empty, &twice), joined(b"\"b\", \"c\""));
        let repeated: &[Line] = &[(b"If-None-Match", b"\"a\""), (b"if-none-match", b"\"b\"")];
        assert_eq!(
            plan(repeated, &[add(&etags, b"\"c\"")]),
            Err(InvalidMutation::Repeated(&etags))
        );
    }

    #[test]
    fn rejects_changes_that_break_nginx() {
        let address = HeaderName::from_static("x-forwarded-for");
        let raw: &[Line] = &[(b"X-Forwarded-For", b"192.0.2.1")];
        for name in ["overwrite", "x-real-ip"].map(HeaderName::from_static) {
            let raw: &[Line] = &[(name.as_str().as_bytes(), b"192.0.2.1")];
            assert_eq!(
                plan(raw, &[add(&name, b"192.0.2.2")]),
                Err(InvalidMutation::SingleLine(&name))
            );
        }
        assert_eq!(
            plan(raw, &[HeaderMutation::remove(&address)]),
            Err(InvalidMutation::Protected(&address))
        );
        assert_eq!(plan(&[], &[HeaderMutation::remove(&address)]), Ok(vec![]));
    }
}
