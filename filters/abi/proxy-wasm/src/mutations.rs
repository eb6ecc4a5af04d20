//! Edits of a head as calls of the host, where it does with all lines what it is told: Envoy.

use novasphere_core::{HeaderMutation, HeaderName};

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

/// The calls that carry `mutations` out, in order. What is known not to be there, by `is_absent` and
/// the mutations before, is not removed, and added instead of replaced, for half the price.
pub(crate) fn calls<'e>(
    mutations: &'e [HeaderMutation<'_>],
    is_absent: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Call<'e>> {
    let is_absent = move |at: usize, name: &HeaderName| {
        let before = mutations.get(..at).unwrap_or_default();
        !before.iter().any(|edit| name_of(edit) == Some(name))
            // Envoy shows it as `:authority` only.
            && name.as_str() != "host"
            && is_absent(name.as_str())
    };
    mutations.iter().enumerate().filter_map(move |(at, edit)| match edit {
        HeaderMutation::Set(name, value) if is_absent(at, name) => {
            Some(Call::Add(bytes(name), value))
        }
        HeaderMutation::Set(name, value) => Some(Call::Replace(bytes(name), value)),
        HeaderMutation::Add(name, value) => Some(Call::Add(bytes(name), value)),
        HeaderMutation::Remove(name) if is_absent(at, name) => None,
        HeaderMutation::Remove(name) => Some(Call::Remove(bytes(name))),
        HeaderMutation::Target(target) => Some(Call::Replace(b":path", target)),
    })
}

fn bytes(name: &HeaderName) -> &[u8] {
    name.as_str().as_bytes()
}

/// The header that an edit is about.
pub(crate) fn name_of<'e>(edit: &'e HeaderMutation<'_>) -> Option<&'e HeaderName> {
    match edit {
        HeaderMutation::Set(name, _) | HeaderMutation::Add(name, _) => Some(name),
        HeaderMutation::Remove(name) => Some(name),
        HeaderMutation::Target(_) => None,
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

    fn called<'e>(mutations: &'e [HeaderMutation<'_>]) -> Vec<Call<'e>> {
        calls(mutations, |name| name != "x-there").collect()
    }

    fn set(name: &'static HeaderName) -> HeaderMutation<'static> {
        HeaderMutation::Set(name, Cow::Borrowed(b"1"))
    }

    fn add(name: &'static HeaderName) -> HeaderMutation<'static> {
        HeaderMutation::Add(name, Cow::Borrowed(b"2"))
    }

    #[test]
    fn what_is_absent_is_added_and_not_removed() {
        let mutations = [set(&ABSENT)];
        assert_eq!(called(&mutations), [Call::Add(b"x-absent", b"1")]);
        assert_eq!(called(&[HeaderMutation::remove(&ABSENT)]), []);
        let mutations = [HeaderMutation::remove(&THERE), set(&THERE)];
        assert_eq!(called(&mutations), [Call::Remove(b"x-there"), Call::Replace(b"x-there", b"1")]);
    }

    #[test]
    fn what_an_edit_before_has_made_is_there() {
        let mutations = [set(&ABSENT), set(&ABSENT)];
        let expected = [Call::Add(b"x-absent", b"1"), Call::Replace(b"x-absent", b"1")];
        assert_eq!(called(&mutations), expected);
        let mutations = [add(&ABSENT), HeaderMutation::remove(&ABSENT)];
        assert_eq!(called(&mutations), [Call::Add(b"x-absent", b"2"), Call::Remove(b"x-absent")]);
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
            let mutations: Vec<HeaderMutation<'_>> = (0..next(6))
                .map(|_| match (next(3), names[next(3)]) {
                    (0, name) => set(name),
                    (1, name) => add(name),
                    (_, name) => HeaderMutation::remove(name),
                })
                .collect();
            let mut head = Headers::borrowed(lines.iter().copied());
            let mut called = lines.clone();
            for call in calls(&mutations, |name| !head.contains(name)) {
                let (Call::Replace(name, _) | Call::Add(name, _) | Call::Remove(name)) = call;
                if !matches!(call, Call::Add(..)) {
                    called.retain(|(other, _)| *other != name);
                }
                if let Call::Replace(_, value) | Call::Add(_, value) = call {
                    called.push((name, value));
                }
            }
            head.apply(mutations.clone());
            assert!(head.lines().eq(called), "{mutations:?} of {lines:?}");
        }
    }

    #[test]
    fn host_is_there_under_another_name() {
        assert_eq!(called(&[set(&HOST)]), [Call::Replace(b"host", b"1")]);
        let mutations = [HeaderMutation::Target(b"/a".to_vec())];
        assert_eq!(called(&mutations), [Call::Replace(b":path", b"/a")]);
    }
}
