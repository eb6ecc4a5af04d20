//! One scene of the tour: a request, what came of it, and whether that is as told.

use std::fmt::Write as _;

use anyhow::{Result, ensure};
use novasphere_harness::client::{Head, Request, Response};

use crate::say;

/// Prints the title of a scene.
pub fn title(text: &str) {
    say(&format!("\n== {text}"));
}

/// Prints a request: its line and its headers, tokens cut short.
pub fn print_request(request: &Request) {
    let text = |bytes: &[u8]| shortened(&String::from_utf8_lossy(bytes));
    let mut lines = format!("   > {} {}", text(&request.method), text(&request.target));
    for (name, value) in &request.headers {
        let _ = write!(lines, "\n   > {}: {}", text(name), text(value));
    }
    say(&lines);
}

/// Prints an answer: its status and those of its headers that tell the story.
pub fn print_answer(head: &Head, telling: &[&str]) {
    let mut lines = format!("   < {}", head.status);
    for name in telling {
        for value in head.all(name) {
            let _ = write!(lines, "\n   < {name}: {value}");
        }
    }
    say(&lines);
}

/// Fails unless the answer has this status.
pub fn expect_status(response: &Response, status: u16) -> Result<()> {
    ensure!(
        response.head.status == status,
        "the answer should be {status}, not {}: {}",
        response.head.status,
        response.text()
    );
    Ok(())
}

/// Fails unless the answer's header is this, or absent when `None`.
pub fn expect_header(head: &Head, name: &str, value: Option<&str>) -> Result<()> {
    let got = head.first(name);
    ensure!(got.as_deref() == value, "{name} should be {value:?}, not {got:?}");
    Ok(())
}

/// A header as the upstream got it; the stand-in answers with what it saw.
pub fn seen_upstream(response: &Response, name: &str) -> Result<Vec<String>> {
    let echo = response.json()?;
    let headers = echo.get("headers").and_then(serde_json::Value::as_array);
    let values = headers.into_iter().flatten().filter_map(|pair| {
        let matches = pair.get(0)?.as_str()?.eq_ignore_ascii_case(name);
        Some(pair.get(1)?.as_str()?.to_owned()).filter(|_| matches)
    });
    Ok(values.collect())
}

/// Prints and checks a header as the upstream got it.
pub fn expect_upstream(response: &Response, name: &str, values: &[&str]) -> Result<()> {
    let got = seen_upstream(response, name)?;
    let shown = if got.is_empty() { "(none)".to_owned() } else { got.join(" | ") };
    say(&format!("   upstream saw {name}: {shown}"));
    ensure!(got == values, "the upstream should see {name}: {values:?}, not {got:?}");
    Ok(())
}

/// Words as they are, tokens without their middle.
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
