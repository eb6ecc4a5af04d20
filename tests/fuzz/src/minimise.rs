//! Makes a failing request smaller.

use crate::head::Head;

/// Values below this length are reduced byte by byte.
const SHORT: usize = 64;

/// Removes parts of the request while `fails` holds.
pub(crate) fn minimise(mut head: Head, mut fails: impl FnMut(&Head) -> bool) -> Head {
    loop {
        let smaller = candidates(&head).into_iter().find(|candidate| fails(candidate));
        match smaller {
            Some(smaller) => head = smaller,
            None => return head,
        }
    }
}

/// Requests that are smaller in one part.
fn candidates(head: &Head) -> Vec<Head> {
    let mut candidates = Vec::new();
    let mut add = |change: &dyn Fn(&mut Head)| {
        let mut candidate = head.clone();
        change(&mut candidate);
        candidates.push(candidate);
    };
    for at in 0..head.lines.len() {
        add(&|candidate| drop(candidate.lines.remove(at)));
    }
    for (part, plain) in [(&head.method, "GET"), (&head.target, "/api/v1/wukongs")] {
        if part != plain.as_bytes() {
            let is_method = plain == "GET";
            add(&|candidate| {
                let part = if is_method { &mut candidate.method } else { &mut candidate.target };
                *part = plain.into();
            });
        }
    }
    if !head.body.is_empty() {
        add(&|candidate| candidate.body.clear());
    }
    if !head.trailers.is_empty() {
        add(&|candidate| candidate.trailers.clear());
    }
    for (at, (_, value)) in head.lines.iter().enumerate() {
        // Halves, then single bytes of what is short.
        let length = value.len();
        let cuts = [length / 2, if length < SHORT { 1 } else { 0 }];
        for cut in cuts.into_iter().filter(|cut| *cut > 0) {
            add(&|candidate| with_value(candidate, at, |value| value.truncate(length - cut)));
            add(&|candidate| with_value(candidate, at, |value| drop(value.drain(..cut))));
        }
    }
    candidates
}

fn with_value(head: &mut Head, at: usize, change: impl Fn(&mut Vec<u8>)) {
    if let Some((_, value)) = head.lines.get_mut(at) {
        change(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::{Line, Version};

    #[test]
    fn keeps_only_what_fails() {
        let mut head = Head::get(Version::Http1, "/a");
        head.method = b"PUT".to_vec();
        head.line("a", "1");
        head.line("b", "xxbadxx");
        head.line("c", "3");
        let fails = |head: &Head| {
            head.lines.iter().any(|(name, value): &Line| {
                name == b"b" && value.windows(3).any(|window| window == b"bad")
            })
        };
        let small = minimise(head, fails);
        assert_eq!(small.lines, [(b"b".to_vec(), b"bad".to_vec())]);
        assert_eq!((&small.method[..], &small.target[..]), (&b"GET"[..], &b"/api/v1/wukongs"[..]));
    }
}
