//! Removes callbacks from a module, so that the host does not call them.

use anyhow::{Context, Result, ensure};

use crate::sections::{EXPORTS, number, push_number, rewrite};

/// Callbacks that nginx requires, although the filters do nothing in them. Without them, Envoy enters
/// the virtual machine less often in each request.
const FOR_NGINX: [&str; 4] =
    ["proxy_on_done", "proxy_on_log", "proxy_on_request_body", "proxy_on_response_body"];

/// Removes the callbacks that only nginx needs.
///
/// # Errors
/// If `module` is not a WebAssembly module or lacks one of the callbacks.
pub fn for_envoy(module: &[u8]) -> Result<Vec<u8>> {
    let mut dropped = 0_usize;
    let lean = rewrite(module, |id, section| {
        if id != EXPORTS {
            return Ok(None);
        }
        let (count, mut rest) = number(section).context("exports without a count")?;
        let mut kept = Vec::new();
        for _ in 0..count {
            let (name, after) = export(rest).context("an export ends early")?;
            let whole = rest.len().saturating_sub(after.len());
            if FOR_NGINX.iter().any(|callback| callback.as_bytes() == name) {
                dropped = dropped.saturating_add(1);
            } else {
                kept.push(rest.get(..whole).unwrap_or_default());
            }
            rest = after;
        }
        let mut content = Vec::new();
        push_number(&mut content, u32::try_from(kept.len())?);
        content.extend(kept.concat());
        Ok(Some(content))
    })?;
    ensure!(
        dropped == FOR_NGINX.len(),
        "expected {} callbacks for nginx, got {dropped}",
        FOR_NGINX.len()
    );
    Ok(lean)
}

/// Splits off the first export. Returns its name and the other exports.
fn export(exports: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = number(exports)?;
    let (name, rest) = rest.split_at_checked(length)?;
    let (_kind, rest) = rest.split_first()?;
    let (_index, rest) = number(rest)?;
    Some((name, rest))
}
