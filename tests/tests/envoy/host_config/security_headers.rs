//! Responses of the filters have the security headers too.

use anyhow::{Result, bail, ensure};
use novasphere_harness::{
    chain,
    client::{Request, Response},
};

use super::Shipped;

const PAGE: &str = "https://app.novasphere.io";

/// Checks the status, the security headers and the headers of cors.
fn ensure_complete(response: &Response, status: u16) -> Result<()> {
    ensure!(response.head.status == status, "{status}: {response:?}");
    for (name, value) in [
        ("strict-transport-security", "max-age=31536000"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "strict-origin-when-cross-origin"),
        ("access-control-allow-origin", PAGE),
    ] {
        ensure!(response.head.all(name) == [value], "{status}: {name}: {response:?}");
    }
    Ok(())
}

pub(super) fn responses_have_security_headers(gateway: &Shipped) -> Result<()> {
    let refused = Request::get("/api/v1/wukongs").header("origin", PAGE);
    ensure_complete(&gateway.send(&refused)?, 401)?;
    let request = chain::good_request()?.header("origin", PAGE);
    ensure_complete(&gateway.send(&request)?, 200)?;
    // A new minute may start during the loop; then 100 more requests pass.
    for _ in 0..201 {
        let response = gateway.send(&request)?;
        if response.head.status != 200 {
            return ensure_complete(&response, 429);
        }
    }
    bail!("no request is over the limit")
}
