//! Prints the requests and responses of a scene, and checks them.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use novasphere_harness::client::{Head, Request, Response};

use crate::say;

/// Prints the title of a scene.
pub fn title(text: &str) {
    say(&format!("\n== {text}"));
}

/// Prints the request line and the headers, with shortened tokens.
pub fn print_request(request: &Request) {
    let text = |bytes: &[u8]| shortened(&String::from_utf8_lossy(bytes));
    let mut lines = format!("   > {} {}", text(&request.method), text(&request.target));
    for (name, value) in &request.headers {
        let _ = write!(lines, "\n   > {}: {}", text(name), text(value));
    }
    say(&lines);
}

/// Prints the status and the named headers of a response.
pub fn print_response(head: &Head, names: &[&str]) {
    let mut lines = format!("   < {}", head.status);
    for name in names {
        for value in head.all(name) {
            let _ = write!(lines, "\n   < {name}: {value}");
        }
    }
    say(&lines);
}

/// Checks the status of a response.
pub fn expect_status(response: &Response, status: u16) -> Result<()> {
    ensure!(
        response.head.status == status,
        "expected status {status}, got {}: {}",
        response.head.status,
        response.text()
    );
    Ok(())
}

/// Checks a header of a response. `None` means absent.
pub fn expect_header(head: &Head, name: &str, value: Option<&str>) -> Result<()> {
    let got = head.first(name);
    ensure!(got.as_deref() == value, "expected {name} {value:?}, got {got:?}");
    Ok(())
}

/// Returns the values of a header that the upstream received, from the body of the stand-in.
pub fn seen_upstream(response: &Response, name: &str) -> Result<Vec<String>> {
    let echo = response.json()?;
    let headers = echo.get("headers").and_then(serde_json::Value::as_array);
    let values = headers.into_iter().flatten().filter_map(|pair| {
        let matches = pair.get(0)?.as_str()?.eq_ignore_ascii_case(name);
        Some(pair.get(1)?.as_str()?.to_owned()).filter(|_| matches)
    });
    Ok(values.collect())
}

/// Prints and checks a header that the upstream received.
pub fn expect_upstream(response: &Response, name: &str, values: &[&str]) -> Result<()> {
    let got = seen_upstream(response, name)?;
    let shown = if got.is_empty() { "(none)".to_owned() } else { got.join(" | ") };
    say(&format!("   upstream got {name}: {shown}"));
    ensure!(got == values, "expected the upstream to get {name} {values:?}, got {got:?}");
    Ok(())
}

/// Shortens long words, such as tokens.
fn shortened(text: &str) -> String {
    let cut = |word: &str| match (word.get(..12), word.get(word.len().saturating_sub(6)..)) {
        (Some(start), Some(end)) if word.len() > 60 => format!("{start}…{end}"),
        _ => word.to_owned(),
    };
    text.split(' ')
        .map(|word| word.split('=').map(cut).collect::<Vec<_>>().join("="))
        .collect::<Vec<_>>()
        .join(" ")
}
