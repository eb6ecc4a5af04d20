//! `filterctl check` has no error about any configuration that a page shows.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use novasphere_site::{
    page::{Block, Page},
    site,
};
use serde_json::Value;

const FILTERS: [&str; 5] = ["cors", "gateway", "header-transform", "jwt-auth", "rate-limit"];

/// The fields of the gateway filter.
const GATEWAY: [&str; 5] = ["order", "cors", "jwt_auth", "rate_limit", "header_transform"];

/// The code for a file without filters, such as an Envoy before `filterctl render`.
const NO_FILTER: &str = "NS002";

/// The pages of filterctl are tested with filterctl.
const ELSEWHERE: &str = "docs/filterctl/";

#[test]
fn configurations_on_pages_have_no_errors() -> Result<()> {
    let (mut checked, mut faults) = (0, Vec::new());
    for page in site::book()? {
        if !page.path.starts_with("docs/") || page.path.starts_with(ELSEWHERE) {
            continue;
        }
        for block in &page.blocks {
            let is_checked = ["yaml", "json"].contains(&block.language.as_str());
            if is_checked && block.mark("not a configuration").is_none() {
                checked += 1;
                if let Err(error) = check(&page, block) {
                    faults.push(format!("{}: {error:#}\n{}", page.path, block.text));
                }
            }
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    ensure!(checked > 40, "only {checked} configurations");
    Ok(())
}

fn check(page: &Page, block: &Block) -> Result<()> {
    let value: Value = serde_yaml_ng::from_str(&block.text)?;
    let fields = value.as_object().context("expected an object")?;
    let of_page = FILTERS.iter().find(|name| page.path == format!("docs/reference/{name}.md"));
    let is_gateway = fields.keys().all(|field| GATEWAY.contains(&field.as_str()));
    let (filter, text) = match (of_page, fields.get("gateway")) {
        (Some(filter), _) => (Some(*filter), block.text.clone()),
        (None, Some(gateway)) => (Some("gateway"), gateway.to_string()),
        (None, None) if is_gateway => (Some("gateway"), block.text.clone()),
        (None, None) => (None, block.text.clone()),
    };
    let output = filterctl(filter, &text)?;
    let errors: Vec<&str> = output.lines().filter(|line| line.starts_with("error")).collect();
    let has_no_filter = filter.is_none() && errors.iter().all(|line| line.contains(NO_FILTER));
    ensure!(errors.is_empty() || has_no_filter, "{output}");
    Ok(())
}

fn filterctl(filter: Option<&str>, text: &str) -> Result<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_site-filterctl"));
    command.args(["check", "--assume-env"]);
    if let Some(filter) = filter {
        command.args(["--filter", filter]);
    }
    let mut child = command
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    child.stdin.take().context("no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    ensure!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
