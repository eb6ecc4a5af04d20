//! A reply on its way back through the filters before the one that made it.

use std::borrow::Cow;

use novasphere_core::{Edit, HeaderName, Headers, Reply, ResponseHead};

use crate::link::{Link, LinkCarry};

/// Has a filter edit a reply as it would a response.
pub(crate) fn pass<'p>(reply: &mut Reply<'p>, link: &'p Link, carry: LinkCarry) {
    let status = reply.status.to_string();
    let own = reply.headers.iter().map(|(name, value)| (name.as_str().as_bytes(), &**value));
    let lines = [(&b":status"[..], status.as_bytes())].into_iter().chain(own);
    let head = ResponseHead { headers: Headers::borrowed(lines) };
    for edit in link.on_response(carry, &head) {
        apply(&mut reply.headers, edit);
    }
}

fn apply<'p>(headers: &mut Vec<(&'p HeaderName, Cow<'p, [u8]>)>, edit: Edit<'p>) {
    match edit {
        Edit::Set(name, value) => {
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
        }
        // Cookies cannot be joined (RFC 6265 section 3).
        Edit::Add(name, value) if name.as_str() == "set-cookie" => headers.push((name, value)),
        // No other name occurs twice in a reply: what is added joins the line (RFC 9110 section 5.3).
        Edit::Add(name, value) => match headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, line)) => {
                let line = line.to_mut();
                line.extend_from_slice(b", ");
                line.extend_from_slice(&value);
            }
            None => headers.push((name, value)),
        },
        Edit::Remove(name) => headers.retain(|(known, _)| *known != name),
        Edit::RemoveFound(name) => headers.retain(|(known, _)| **known != name),
        Edit::Target(_) => {}
    }
}
