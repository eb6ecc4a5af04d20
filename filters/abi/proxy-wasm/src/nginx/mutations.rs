//! The mutations of a request's headers, as calls that have an effect here.
//!
//! To remove a header is accepted and has none: it still goes upstream. Setting one changes its
//! first line, and the others go upstream as they came. So a header is taken away by setting it to
//! nothing, and a header that a filter sets or takes away may be there once only, in whatever
//! spelling: upstreams that take `_` for `-` would else read the emptied line with the one that
//! was set, or a client's own line instead of it.

use novasphere_core::{HeaderMutation, HeaderName};

use crate::mutations::name_of;

/// A call of the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call<'e> {
    /// Gives the one line of a name that value, or makes one.
    Replace(&'e HeaderName, &'e [u8]),
    /// Makes one more line.
    Add(&'e HeaderName, &'e [u8]),
}

/// Why mutations cannot be carried out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused<'e> {
    /// The client sent a header more than once that may be there once.
    Repeated(&'e HeaderName),
    /// A header that nginx itself goes by.
    Kept(&'e HeaderName),
    /// A header of which nginx knows one line.
    Single(&'e HeaderName),
}

/// Without these nginx loses the message's framing, or the client's address.
const KEPT: [&str; 5] =
    ["content-length", "host", "transfer-encoding", "x-forwarded-for", "x-real-ip"];

/// A second line of these is dropped without a word.
const SINGLE: [&str; 24] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "date",
    "depth",
    "destination",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "overwrite",
    "range",
    "referer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "via",
    "x-real-ip",
];

type Line<'m> = (&'m [u8], &'m [u8]);

/// The calls that carry `mutations` out on a request with these lines, as the host gave them.
pub(crate) fn plan<'e>(
    raw: &[Line<'e>],
    mutations: &'e [HeaderMutation<'_>],
) -> Result<Vec<Call<'e>>, Refused<'e>> {
    let mut fields: Vec<Field<'e>> = Vec::new();
    for edit in mutations {
        let Some(name) = name_of(edit) else { continue };
        let at = fields.iter().position(|field| field.name == name).unwrap_or_else(|| {
            fields.push(Field::of(raw, name));
            fields.len().saturating_sub(1)
        });
        if let Some(field) = fields.get_mut(at) {
            field.edit(edit);
        }
    }
    let mut calls = Vec::new();
    for field in fields {
        field.calls(&mut calls)?;
    }
    Ok(calls)
}

/// A name that some edit is about.
struct Field<'e> {
    name: &'e HeaderName,
    /// The first of its lines.
    first: Option<&'e [u8]>,
    /// How many lines are taken for it, see [`HeaderName::matches_loosely`].
    alike: usize,
    /// Whether some edit sets it or takes it away.
    is_owned: bool,
    /// Whether anything of what came is to stay.
    stays: bool,
    /// The values to come after that.
    values: Vec<&'e [u8]>,
}

impl<'e> Field<'e> {
    fn of(raw: &[Line<'e>], name: &'e HeaderName) -> Self {
        let lines = raw.iter().filter(|(line, _)| name.matches(line));
        let first = lines.map(|(_, value)| *value).next();
        let alike = raw.iter().filter(|(line, _)| name.matches_loosely(line)).count();
        Self { name, first, alike, is_owned: false, stays: true, values: Vec::new() }
    }

    fn edit(&mut self, edit: &'e HeaderMutation<'_>) {
        match edit {
            HeaderMutation::Set(_, value) => {
                (self.is_owned, self.stays) = (true, false);
                self.values = vec![value];
            }
            HeaderMutation::Remove(_) => {
                (self.is_owned, self.stays) = (true, false);
                self.values.clear();
            }
            HeaderMutation::Add(_, value) => self.values.push(value),
            HeaderMutation::Target(_) => {}
        }
    }

    fn calls(self, calls: &mut Vec<Call<'e>>) -> Result<(), Refused<'e>> {
        let Self { name, first, alike, is_owned, stays, values } = self;
        if is_owned && first.is_none() && values.is_empty() {
            return Ok(());
        }
        if is_owned && (alike > 1 || (alike == 1 && first.is_none())) {
            return Err(Refused::Repeated(name));
        }
        let is_named = |names: &[&str]| names.contains(&name.as_str());
        // An empty line is none.
        let line_stays = stays && first.is_some_and(|value| !value.is_empty());
        if usize::from(line_stays).saturating_add(values.len()) > 1 && is_named(&SINGLE) {
            return Err(Refused::Single(name));
        }
        let mut values = values.into_iter();
        match first {
            Some(_) if line_stays || (stays && alike > 1) => {}
            Some(first) => match values.next() {
                Some(value) => calls.push(Call::Replace(name, value)),
                None if first.is_empty() => {}
                None if is_named(&KEPT) => return Err(Refused::Kept(name)),
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

    fn set<'e>(name: &'e HeaderName, value: &'static [u8]) -> HeaderMutation<'e> {
        HeaderMutation::Set(name, Cow::Borrowed(value))
    }

    fn add<'e>(name: &'e HeaderName, value: &'static [u8]) -> HeaderMutation<'e> {
        HeaderMutation::Add(name, Cow::Borrowed(value))
    }

    #[test]
    fn a_header_is_taken_away_by_emptying_it() {
        assert_eq!(
            plan(&[(b"X-User-ID", b"evil")], &[HeaderMutation::remove(&ID)]),
            Ok(vec![Call::Replace(&ID, b"")])
        );
        assert_eq!(plan(&[], &[HeaderMutation::remove(&ID)]), Ok(vec![]));
        assert_eq!(plan(&[(b"x-user-id", b"")], &[HeaderMutation::remove(&ID)]), Ok(vec![]));
    }

    #[test]
    fn the_last_word_counts() {
        let raw: &[Line] = &[(b"x-user-id", b"evil")];
        let mutations = [HeaderMutation::remove(&ID), set(&ID, b"alice")];
        assert_eq!(plan(raw, &mutations), Ok(vec![Call::Replace(&ID, b"alice")]));
        let mutations = [set(&ID, b"alice"), HeaderMutation::remove(&ID)];
        assert_eq!(plan(raw, &mutations), Ok(vec![Call::Replace(&ID, b"")]));
        let mutations = [set(&ID, b"1"), add(&ID, b"2")];
        assert_eq!(plan(raw, &mutations), Ok(vec![Call::Replace(&ID, b"1"), Call::Add(&ID, b"2")]));
    }

    #[test]
    fn what_a_filter_owns_may_be_there_once() {
        let twice: &[Line] = &[(b"x-user-id", b"alice"), (b"X-User-Id", b"evil")];
        let empty_first: &[Line] = &[(b"x-user-id", b""), (b"X-User-Id", b"evil")];
        let both: &[Line] = &[(b"x-user-id", b"a"), (b"X_User_Id", b"b")];
        for raw in [twice, empty_first, both] {
            for edit in [set(&ID, b"alice"), HeaderMutation::remove(&ID)] {
                assert_eq!(plan(raw, &[edit]), Err(Refused::Repeated(&ID)), "{raw:?}");
            }
        }
    }

    #[test]
    fn a_spelling_that_counts_as_the_same_may_not_stand_beside_what_is_set() {
        let raw: &[Line] = &[(b"X_User_Id", b"evil")];
        let mutations = [HeaderMutation::remove(&UNDERSCORES), set(&ID, b"alice")];
        assert_eq!(plan(raw, &mutations), Err(Refused::Repeated(&ID)));
        assert_eq!(plan(raw, &mutations[..1]), Ok(vec![Call::Replace(&UNDERSCORES, b"")]));
    }

    #[test]
    fn lines_are_added_however_many_there_are() {
        let one: &[Line] = &[(b"x-user-id", b"1")];
        assert_eq!(plan(one, &[add(&ID, b"2")]), Ok(vec![Call::Add(&ID, b"2")]));
        let two: &[Line] = &[(b"x-user-id", b""), (b"x-user-id", b"1")];
        assert_eq!(plan(two, &[add(&ID, b"2")]), Ok(vec![Call::Add(&ID, b"2")]));
        // The line that is emptied already is used again.
        let emptied: &[Line] = &[(b"x-user-id", b"")];
        assert_eq!(plan(emptied, &[add(&ID, b"2")]), Ok(vec![Call::Replace(&ID, b"2")]));
    }

    #[test]
    fn some_headers_are_nginxs_own() {
        let via = HeaderName::from_static("via");
        let address = HeaderName::from_static("x-forwarded-for");
        let raw: &[Line] = &[(b"Via", b"1.1 a"), (b"X-Forwarded-For", b"192.0.2.1")];
        assert_eq!(plan(raw, &[add(&via, b"1.1 b")]), Err(Refused::Single(&via)));
        for name in ["overwrite", "x-real-ip"].map(HeaderName::from_static) {
            let raw: &[Line] = &[(name.as_str().as_bytes(), b"192.0.2.1")];
            assert_eq!(plan(raw, &[add(&name, b"192.0.2.2")]), Err(Refused::Single(&name)));
        }
        assert_eq!(plan(raw, &[HeaderMutation::remove(&address)]), Err(Refused::Kept(&address)));
        assert_eq!(plan(&[], &[HeaderMutation::remove(&address)]), Ok(vec![]));
    }
}
