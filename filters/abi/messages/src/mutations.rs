//! Header mutations as host calls, each of which affects all lines of a name, as on Envoy.

use novasphere_core::{HeaderMutation, HeaderName};

/// A host call.
#[derive(Debug, PartialEq, Eq)]
pub enum Call<'m> {
    /// Replaces all lines of the name by one line.
    Replace(&'m [u8], &'m [u8]),
    /// Adds a line.
    Add(&'m [u8], &'m [u8]),
    /// Removes all lines of the name.
    Remove(&'m [u8]),
}

/// The host calls for `mutations`, in order. `is_absent` returns whether the head is known to have
/// no line of a name. An absent header is added instead of replaced, at half the cost, and not
/// removed.
pub fn calls<'m>(
    mutations: &'m [HeaderMutation<'_>],
    is_absent: impl Fn(&str) -> bool,
) -> impl Iterator<Item = Call<'m>> {
    let is_absent = move |index: usize, name: &HeaderName| {
        let earlier = mutations.get(..index).unwrap_or_default();
        // Envoy shows `host` as `:authority` only.
        name.as_str() != "host"
            && is_absent(name.as_str())
            && !earlier.iter().any(|mutation| header_name(mutation) == Some(name))
    };
    mutations.iter().enumerate().filter_map(move |(index, mutation)| match mutation {
        HeaderMutation::Set(name, value) if is_absent(index, name) => {
            Some(Call::Add(bytes(name), value))
        }
        HeaderMutation::Set(name, value) => Some(Call::Replace(bytes(name), value)),
        HeaderMutation::Add(name, value) => Some(Call::Add(bytes(name), value)),
        HeaderMutation::Remove(name) if is_absent(index, name) => None,
        HeaderMutation::Remove(name) => Some(Call::Remove(bytes(name))),
        HeaderMutation::Target(target) => Some(Call::Replace(b":path", target)),
    })
}

/// The header that a mutation changes. `None` for the target.
pub fn header_name<'m>(mutation: &'m HeaderMutation<'_>) -> Option<&'m HeaderName> {
    match mutation {
        HeaderMutation::Set(name, _) | HeaderMutation::Add(name, _) => Some(name),
        HeaderMutation::Remove(name) => Some(name),
        HeaderMutation::Target(_) => None,
    }
}

fn bytes(name: &HeaderName) -> &[u8] {
    name.as_str().as_bytes()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use novasphere_core::Headers;

    use super::*;

    static PRESENT: HeaderName = HeaderName::from_static("x-present");
    static ABSENT: HeaderName = HeaderName::from_static("x-absent");
    static HOST: HeaderName = HeaderName::from_static("host");

    fn calls_for<'m>(mutations: &'m [HeaderMutation<'_>]) -> Vec<Call<'m>> {
        calls(mutations, |name| name != "x-present").collect()
    }

    fn set(name: &'static HeaderName) -> HeaderMutation<'static> {
        HeaderMutation::Set(name, Cow::Borrowed(b"1"))
    }

    fn add(name: &'static HeaderName) -> HeaderMutation<'static> {
        HeaderMutation::Add(name, Cow::Borrowed(b"2"))
    }

    #[test]
    fn absent_header_is_added_and_never_removed() {
        let mutations = [set(&ABSENT)];
        assert_eq!(calls_for(&mutations), [Call::Add(b"x-absent", b"1")]);
        assert_eq!(calls_for(&[HeaderMutation::remove(&ABSENT)]), []);
        let mutations = [HeaderMutation::remove(&PRESENT), set(&PRESENT)];
        assert_eq!(
            calls_for(&mutations),
            [Call::Remove(b"x-present"), Call::Replace(b"x-present", b"1")]
        );
    }

    #[test]
    fn header_of_an_earlier_mutation_is_present() {
        let mutations = [set(&ABSENT), set(&ABSENT)];
        let expected = [Call::Add(b"x-absent", b"1"), Call::Replace(b"x-absent", b"1")];
        assert_eq!(calls_for(&mutations), expected);
        let mutations = [add(&ABSENT), HeaderMutation::remove(&ABSENT)];
        assert_eq!(
            calls_for(&mutations),
            [Call::Add(b"x-absent", b"2"), Call::Remove(b"x-absent")]
        );
    }

    #[test]
    fn calls_have_the_effect_of_the_mutations() {
        let names = [&PRESENT, &ABSENT, &HOST];
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
            let mut result = lines.clone();
            for call in calls(&mutations, |name| !head.contains(name)) {
                let (Call::Replace(name, _) | Call::Add(name, _) | Call::Remove(name)) = call;
                if !matches!(call, Call::Add(..)) {
                    result.retain(|(other, _)| *other != name);
                }
                if let Call::Replace(_, value) | Call::Add(_, value) = call {
                    result.push((name, value));
                }
            }
            head.apply(&mutations);
            assert!(head.lines().eq(result), "{mutations:?} on {lines:?}");
        }
    }

    #[test]
    fn host_is_never_absent() {
        assert_eq!(calls_for(&[set(&HOST)]), [Call::Replace(b"host", b"1")]);
        let mutations = [HeaderMutation::Target(b"/a".to_vec())];
        assert_eq!(calls_for(&mutations), [Call::Replace(b":path", b"/a")]);
    }
}
