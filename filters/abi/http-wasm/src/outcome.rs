//! Carries out what the policy decided.

use novasphere_core::{HeaderMutation, HeaderName, LocalResponse};

use crate::{hostcalls, target};

/// The host may go on with the request.
pub(crate) const NEXT: u64 = 1;
/// The request is answered.
pub(crate) const ANSWERED: u64 = 0;

/// Carries out mutations; `None` if one cannot be.
pub(crate) fn edit_request(mutations: &[HeaderMutation<'_>]) -> Option<()> {
    for edit in mutations {
        match edit {
            HeaderMutation::Set(name, value) => hostcalls::set_header(name.as_str(), value),
            HeaderMutation::Add(name, value) => hostcalls::add_header(name.as_str(), value),
            HeaderMutation::Remove(name) => remove(name),
            HeaderMutation::Target(target) if target::is_acceptable(target) => {
                hostcalls::set_uri(target)
            }
            HeaderMutation::Target(_) => return None,
        }
    }
    Some(())
}

fn remove(name: &HeaderName) {
    hostcalls::remove_header(name.as_str());
}

/// Answers the request.
pub(crate) fn send(response: &LocalResponse<'_>) -> u64 {
    for (name, value) in &response.headers {
        hostcalls::set_response_header(name.as_str(), value);
    }
    // After the headers, since it sends the head.
    hostcalls::set_status(response.status);
    let mut method = Vec::new();
    let has_body = hostcalls::method(&mut method).is_some() && method != b"HEAD";
    if has_body && !response.body.is_empty() && !matches!(response.status, 204 | 304) {
        hostcalls::write_body(&response.body);
    }
    ANSWERED
}

/// Answers the request without a body.
pub(crate) fn send_status(status: u16) -> u64 {
    hostcalls::set_status(status);
    ANSWERED
}
