//! Carries out what the policy decided.

use novasphere_core::{Edit, HeaderName, Reply};

use crate::{hostcalls, target};

/// The host may go on with the request.
pub(crate) const NEXT: u64 = 1;
/// The request is answered.
pub(crate) const ANSWERED: u64 = 0;

/// Carries out edits; `None` if one cannot be.
pub(crate) fn edit_request(edits: &[Edit<'_>]) -> Option<()> {
    for edit in edits {
        match edit {
            Edit::Set(name, value) => hostcalls::set_header(name.as_str(), value),
            Edit::Add(name, value) => hostcalls::add_header(name.as_str(), value),
            Edit::Remove(name) => remove(name),
            Edit::RemoveFound(name) => remove(name),
            Edit::Target(target) if target::is_acceptable(target) => hostcalls::set_uri(target),
            Edit::Target(_) => return None,
        }
    }
    Some(())
}

fn remove(name: &HeaderName) {
    hostcalls::remove_header(name.as_str());
}

/// Answers the request.
pub(crate) fn send(reply: &Reply<'_>) -> u64 {
    for (name, value) in &reply.headers {
        hostcalls::set_response_header(name.as_str(), value);
    }
    // After the headers, since it sends the head.
    hostcalls::set_status(reply.status);
    let mut method = Vec::new();
    let has_body = hostcalls::method(&mut method).is_some() && method != b"HEAD";
    if has_body && !reply.body.is_empty() && !matches!(reply.status, 204 | 304) {
        hostcalls::write_body(&reply.body);
    }
    ANSWERED
}

/// Answers the request without a body.
pub(crate) fn send_status(status: u16) -> u64 {
    hostcalls::set_status(status);
    ANSWERED
}
