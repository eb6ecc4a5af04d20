//! A local response on its way back through the filters before the one that made it.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, Headers, LocalResponse, ResponseHead};

use crate::entry::{ChainEntry, EntryCarry};

/// Lets a filter mutate a local response as it would an upstream's response.
pub(crate) fn pass<'f>(response: &mut LocalResponse<'f>, entry: &'f ChainEntry, carry: EntryCarry) {
    let status = response.status.to_string();
    let own = response.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value));
    let lines = [(&b":status"[..], status.as_bytes())].into_iter().chain(own);
    let head = ResponseHead { headers: Headers::borrowed(lines) };
    for mutation in entry.on_response(carry, &head) {
        apply(&mut response.headers, mutation);
    }
}

fn apply<'f>(headers: &mut Vec<(&'f HeaderName, Cow<'f, [u8]>)>, mutation: HeaderMutation<'f>) {
    match mutation {
        HeaderMutation::Set(name, value) => {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
        }
        // Cookies cannot be joined (RFC 6265 section 3).
        HeaderMutation::Add(name, value) if name.as_str() == "set-cookie" => {
            headers.push((name, value))
        }
        // No other name may occur twice in a local response: join the lines (RFC 9110 section 5.3).
        HeaderMutation::Add(name, value) => {
            match headers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, line)) => {
                    let line = line.to_mut();
                    line.extend_from_slice(b", ");
                    line.extend_from_slice(&value);
                }
                None => headers.push((name, value)),
            }
        }
        HeaderMutation::Remove(name) => headers.retain(|(known, _)| **known != *name),
        HeaderMutation::Target(_) => {}
    }
}
