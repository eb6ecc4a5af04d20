//! Applies the filter's decision.

use novasphere_core::{HeaderMutation, LocalResponse};

use crate::{body, hostcalls, target};

/// Tells the host to continue with the request.
pub(crate) const NEXT: u64 = 1;
/// Tells the host that the response is complete.
pub(crate) const RESPONDED: u64 = 0;

/// Applies mutations to the request head.
///
/// # Errors
/// If the host cannot parse a request target.
pub(crate) fn mutate_request(mutations: &[HeaderMutation<'_>]) -> Result<(), &'static str> {
    for mutation in mutations {
        match mutation {
            HeaderMutation::Set(name, value) => hostcalls::set_header(name.as_str(), value),
            HeaderMutation::Add(name, value) => hostcalls::add_header(name.as_str(), value),
            HeaderMutation::Remove(name) => hostcalls::remove_header(name.as_str()),
            HeaderMutation::Target(target) if target::is_acceptable(target) => {
                hostcalls::set_uri(target)
            }
            HeaderMutation::Target(_) => return Err("failed to set the request target"),
        }
    }
    Ok(())
}

/// Sends a local response. A body that the host may be unable to write is left out.
pub(crate) fn send(response: &LocalResponse<'_>) -> u64 {
    for (name, value) in &response.headers {
        hostcalls::set_response_header(name.as_str(), value);
    }
    // This sends the head, so it comes after the headers.
    hostcalls::set_status(response.status);
    let mut method = Vec::new();
    if hostcalls::method(&mut method).is_some()
        && body::is_writable(&response.body, response.status, &method)
    {
        hostcalls::write_body(&response.body);
    }
    RESPONDED
}

/// Sends a response without a body.
pub(crate) fn send_status(status: u16) -> u64 {
    hostcalls::set_status(status);
    RESPONDED
}
