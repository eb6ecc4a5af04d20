//! Edits of a head as calls of the host, where it does with all lines what it is told: Envoy.

use novasphere_core::{Edit, HeaderName};

/// A call of the host.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call<'e> {
    /// One line of that name in place of all that there are.
    Replace(&'e [u8], &'e [u8]),
    /// One more line.
    Add(&'e [u8], &'e [u8]),
    /// No line of that name.
    Remove(&'e [u8]),
}

/// The calls that carry `edits` out, in order. What is known not to be there, by `is_absent` and
/// the edits before, is not removed, and added instead of replaced, for half the price.
pub(crate) fn calls<'e>(
    edits: &'e [Edit<'_>],
    is_absent: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Call<'e>> {
    let is_absent = move |at: usize, name: &HeaderName| {
        let before = edits.get(..at).unwrap_or_default();
        !before.iter().any(|edit| name_of(edit) == Some(name))
            // Envoy shows it as `:authority` only.
            && name.as_str() != "host"
            && is_absent(name.as_str())
    };
    edits.iter().enumerate().filter_map(move |(at, edit)| match edit {
        Edit::Set(name, value) if is_absent(at, name) => Some(Call::Add(bytes(name), value)),
        Edit::Set(name, value) => Some(Call::Replace(bytes(name), value)),
        Edit::Add(name, value) => Some(Call::Add(bytes(name), value)),
        Edit::Remove(name) if is_absent(at, name) => None,
        Edit::Remove(name) => Some(Call::Remove(bytes(name))),
        Edit::RemoveFound(name) => Some(Call::Remove(bytes(name))),
        Edit::Target(target) => Some(Call::Replace(b":path", target)),
    })
}

fn bytes(name: &HeaderName) -> &[u8] {
    name.as_str().as_bytes()
}

/// The header that an edit is about.
pub(crate) fn name_of<'e>(edit: &'e Edit<'_>) -> Option<&'e HeaderName> {
    match edit {
        Edit::Set(name, _) | Edit::Add(name, _) | Edit::Remove(name) => Some(name),
        Edit::RemoveFound(name) => Some(name),
        Edit::Target(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use novasphere_core::Headers;

    use super::*;

    static THERE: HeaderName = HeaderName::from_static("x-there");
    static ABSENT: HeaderName = HeaderName::from_static("x-absent");
    static HOST: HeaderName = HeaderName::from_static("host");

    fn called<'e>(edits: &'e [Edit<'_>]) -> Vec<Call<'e>> {
        calls(edits, |name| name != "x-there").collect()
    }

    fn set(name: &'static HeaderName) -> Edit<'static> {
        Edit::Set(name, Cow::Borrowed(b"1"))
    }

    fn add(name: &'static HeaderName) -> Edit<'static> {
        Edit::Add(name, Cow::Borrowed(b"2"))
    }

    #[test]
    fn what_is_absent_is_added_and_not_removed() {
        let edits = [set(&ABSENT)];
        assert_eq!(called(&edits), [Call::Add(b"x-absent", b"1")]);
        assert_eq!(called(&[Edit::Remove(&ABSENT)]), []);
        let edits = [Edit::Remove(&THERE), set(&THERE)];
        assert_eq!(called(&edits), [Call::Remove(b"x-there"), Call::Replace(b"x-there", b"1")]);
    }

    #[test]
    fn what_an_edit_before_has_made_is_there() {
        let edits = [set(&ABSENT), set(&ABSENT)];
        let expected = [Call::Add(b"x-absent", b"1"), Call::Replace(b"x-absent", b"1")];
        assert_eq!(called(&edits), expected);
        let edits = [add(&ABSENT), Edit::Remove(&ABSENT)];
        assert_eq!(called(&edits), [Call::Add(b"x-absent", b"2"), Call::Remove(b"x-absent")]);
    }

    #[test]
    fn the_calls_do_what_the_edits_say() {
        let names = [&THERE, &ABSENT, &HOST];
        let mut random = 3_u64;
        let mut next = |below: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) as usize % below
        };
        for _ in 0..10_000 {
            let lines: Vec<(&[u8], &[u8])> =
                (0..next(4)).map(|_| (bytes(names[next(3)]), &b"0"[..])).collect();
            let edits: Vec<Edit<'_>> = (0..next(6))
                .map(|_| match (next(3), names[next(3)]) {
                    (0, name) => set(name),
                    (1, name) => add(name),
                    (_, name) => Edit::Remove(name),
                })
                .collect();
            let mut head = Headers::borrowed(lines.iter().copied());
            let mut called = lines.clone();
            for call in calls(&edits, |name| !head.contains(name)) {
                let (Call::Replace(name, _) | Call::Add(name, _) | Call::Remove(name)) = call;
                if !matches!(call, Call::Add(..)) {
                    called.retain(|(other, _)| *other != name);
                }
                if let Call::Replace(_, value) | Call::Add(_, value) = call {
                    called.push((name, value));
                }
            }
            head.apply(edits.clone());
            assert!(head.lines().eq(called), "{edits:?} of {lines:?}");
        }
    }

    #[test]
    fn host_is_there_under_another_name() {
        assert_eq!(called(&[set(&HOST)]), [Call::Replace(b"host", b"1")]);
        let edits = [Edit::Target(b"/a".to_vec())];
        assert_eq!(called(&edits), [Call::Replace(b":path", b"/a")]);
    }
}
