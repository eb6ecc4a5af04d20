//! Commands that pages mention exist, also where no test runs them: targets of make, subcommands and
//! options of filterctl, and Deployments of Kubernetes.

use std::{collections::BTreeSet, fs, process::Command};

use anyhow::{Context, Result, ensure};
use novasphere_harness::paths::repository;
use novasphere_site::{page::Page, site};

/// Subcommands that have subcommands.
const GROUPS: [&str; 4] = ["jwks", "key", "schema", "token"];

#[test]
fn targets_of_make_on_pages_exist() -> Result<()> {
    let output = Command::new("make")
        .args(["--print-data-base", "--question", "help"])
        .current_dir(repository())
        .output()
        .context("make is missing")?;
    let data = String::from_utf8(output.stdout)?;
    let targets: BTreeSet<&str> = data.lines().filter_map(|line| line.split(':').next()).collect();
    let mut seen = 0;
    for page in site::book()? {
        for command in commands(&page, "make ") {
            for name in command.split_whitespace().skip(1).take_while(|word| is_name(word)) {
                ensure!(targets.contains(name), "{}: {command}: no target {name}", page.path);
                seen += 1;
            }
        }
    }
    ensure!(seen > 40, "only {seen} targets");
    Ok(())
}

fn is_name(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
    word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(is_part)
}

#[test]
fn subcommands_and_options_of_filterctl_on_pages_exist() -> Result<()> {
    let mut all = BTreeSet::new();
    for page in site::book()? {
        all.extend(commands(&page, "filterctl ").map(|command| (page.path.clone(), command)));
    }
    ensure!(all.len() > 30, "only {} commands", all.len());
    for (page, command) in all {
        let command = command.split('|').next().unwrap_or_default();
        let mut words = command.split_whitespace().skip(1);
        let first = words.next().unwrap_or_default();
        let second = words.next().filter(|_| GROUPS.contains(&first));
        let help = help(first, second).with_context(|| format!("{page}: {command}"))?;
        for option in command.split_whitespace().filter(|word| word.starts_with("--")) {
            let name = option.split('=').next().unwrap_or_default();
            ensure!(has_option(&help, name), "{page}: {command}: no option {name}");
        }
    }
    Ok(())
}

/// The help of a subcommand.
fn help(first: &str, second: Option<&str>) -> Result<String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_site-filterctl"));
    command.arg(first).args(second).arg("--help");
    let output = command.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a help lists this option: `  -o, --out <DIR>`.
fn has_option(help: &str, name: &str) -> bool {
    help.lines().any(|line| {
        let words = line.split([',', ' ', '=', '[']).filter(|word| !word.is_empty());
        words.take_while(|word| word.starts_with('-')).any(|word| word == name)
    })
}

#[test]
fn part_of_an_option_is_not_an_option() {
    let help =
        "Prints --all.\n\n  -o, --output <DIR>  See --dir\n      --format[=<NAME>]\n      --fix\n";
    for (name, expected) in [
        ("--output", true),
        ("--format", true),
        ("--out", false),
        ("--dir", false),
        ("--all", false),
    ] {
        assert_eq!(has_option(help, name), expected, "{name}");
    }
}

#[test]
fn deployments_on_pages_exist() -> Result<()> {
    let mut names = BTreeSet::new();
    for file in site::files()?.iter().filter(|file| file.starts_with("deploy/")) {
        let text = fs::read_to_string(repository().join(file)).unwrap_or_default();
        for part in text.split("kind: Deployment\nmetadata:\n").skip(1) {
            let name = part.lines().find_map(|line| line.strip_prefix("  name: "));
            names.extend(name.map(str::to_owned));
        }
    }
    let mut seen = 0;
    for page in site::book()? {
        for command in commands(&page, "kubectl ") {
            for word in command.split_whitespace() {
                let name = word.strip_prefix("deployment/").or(word.strip_prefix("deploy/"));
                // Another chart installs the other ones.
                if let Some(name) = name.filter(|name| name.starts_with("novasphere-gateway-")) {
                    ensure!(names.contains(name), "{}: {command}", page.path);
                    seen += 1;
                }
            }
        }
    }
    ensure!(seen > 0, "no Deployment");
    Ok(())
}

/// The commands with this beginning: spans of code, and lines of shell blocks.
fn commands(page: &Page, beginning: &'static str) -> impl Iterator<Item = String> {
    let spans = page.text.split('`').skip(1).step_by(2).map(str::to_owned);
    let blocks = page.blocks.iter().filter(|block| ["sh", "console"].contains(&&*block.language));
    let lines = blocks.flat_map(|block| block.text.lines());
    let lines = lines.map(|line| line.trim_start_matches("$ ").split(" #").next().unwrap_or(line));
    let lines = lines.map(|line| line.trim().to_owned());
    let all: Vec<String> = spans.chain(lines).collect();
    all.into_iter().filter(move |text| text.starts_with(beginning) && !text.contains('\n'))
}
