//! The command line: exit codes and formats.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result};
use serde_json::Value;

/// A configuration of jwt-auth with two errors, one of them with a certain remedy.
const WRONG: &str = "credentials: [{key: a, secret: {env: A}}]\nleway: 5\naudiences: []\n";

fn filterctl(directory: &Path, args: &[&str], input: &str) -> Result<Output> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_filterctl"))
        .args(args)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    // A command that does not read its input may have ended.
    let _ = child.stdin.take().context("no stdin")?.write_all(input.as_bytes());
    Ok(child.wait_with_output()?)
}

/// The exit code and the output of a check of [`WRONG`].
fn check(args: &[&str]) -> Result<(Option<i32>, String)> {
    let directory = tempfile::tempdir()?;
    let args = [&["check", "--filter", "jwt-auth", "-"], args].concat();
    let output = filterctl(directory.path(), &args, WRONG)?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?))
}

#[test]
fn exit_codes() {
    let directory = tempfile::tempdir().unwrap();
    let code = |args: &[&str], input: &str| {
        filterctl(directory.path(), args, input).unwrap().status.code()
    };
    let bare = ["check", "--filter", "cors", "-"];
    assert_eq!(code(&bare, "origins: [\"https://a.example\"]"), Some(0));
    assert_eq!(code(&bare, "origin: []"), Some(1));
    assert_eq!(code(&["check", "missing.yaml"], ""), Some(2));
    assert_eq!(code(&["check"], ""), Some(2));
    assert_eq!(code(&["check", "--filter", "jwt", "-"], ""), Some(2));
    // A file without filters must not look like success.
    assert_eq!(code(&["check", "-"], "a: 1"), Some(1));
    assert_eq!(code(&["explain-code", "NS999"], ""), Some(2));
}

#[test]
fn warnings_fail_unless_only_errors_do() {
    let config = "credentials: [{key: a, secret: 0123456789abcdef0123456789abcdef}]";
    let directory = tempfile::tempdir().unwrap();
    let bare = ["check", "--filter", "jwt-auth", "-"];
    assert_eq!(filterctl(directory.path(), &bare, config).unwrap().status.code(), Some(1));
    let args = [&bare[..], &["--fail-on", "error"]].concat();
    assert_eq!(filterctl(directory.path(), &args, config).unwrap().status.code(), Some(0));
}

#[test]
fn json_and_sarif_have_positions() {
    let (code, json) =
        check(&["--env", "A=0123456789abcdef0123456789abcdef", "-o", "json"]).unwrap();
    let findings: Value = serde_json::from_str(&json).unwrap();
    let shown: Vec<_> = findings
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (&f["code"], &f["line"], &f["fixable"]))
        .collect();
    let expected = serde_json::json!([["NS010", 2, true], ["NS013", 3, false]]);
    assert_eq!((code, serde_json::json!(shown)), (Some(1), expected));
    let (_, sarif) = check(&["--assume-env", "-o", "sarif"]).unwrap();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let run = &sarif["runs"][0];
    let result =
        &run["results"].as_array().unwrap().iter().find(|r| r["ruleId"] == "NS010").unwrap();
    assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 2);
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][index]["id"], "NS010");
}

#[test]
fn github_annotations_are_single_lines() {
    let (_, output) = check(&["--assume-env", "-o", "github"]).unwrap();
    let line = "::error file=<stdin>,line=2,col=1,endColumn=6,title=NS010::jwt-auth: leway: unknown field; did you mean \"leeway\"?";
    assert!(output.lines().any(|found| found == line), "{output}");
    assert!(output.lines().all(|line| line.starts_with("::")), "{output}");
}

#[test]
fn fix_changes_the_file_only_with_write() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwt.yaml");
    fs::write(&file, WRONG).unwrap();
    let args = ["check", "--filter", "jwt-auth", "--assume-env", "--fix", "jwt.yaml"];
    let output = filterctl(directory.path(), &args, "").unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stdout).unwrap().contains("-leway: 5\n+leeway: 5\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), WRONG);
    filterctl(directory.path(), &[&args[..], &["--write"]].concat(), "").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), WRONG.replace("leway", "leeway"));
}

#[test]
fn fix_counts_the_findings_of_the_changed_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("jwt.yaml");
    let args = ["check", "--filter", "jwt-auth", "--assume-env", "--fix", "--write", "jwt.yaml"];
    for (value, code, last) in [
        ("abc", 1, "1 place changed; 1 finding left\n"),
        ("5", 0, "1 place changed; 0 findings left\n"),
    ] {
        let text = format!("credentials: [{{key: a, secret: {{env: A}}}}]\nleway: {value}\n");
        fs::write(&file, &text).unwrap();
        let output = filterctl(directory.path(), &args, "").unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.code() == Some(code) && out.ends_with(last), "{out}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text.replace("leway", "leeway"));
    }
}

#[test]
fn changes_of_fix_show_no_secret() {
    let directory = tempfile::tempdir().unwrap();
    let secret = "0123456789abcdef0123456789abcdef";
    for name in ["secret", "Secret", "secrt", "sceret", "s_e-crt_"] {
        let text = format!("credentials:\n- {{key: a, {name}: {secret}}}\nleway: 5\n");
        for args in [
            &["check", "--filter", "jwt-auth", "--fix", "-"][..],
            &["check", "--filter", "jwt-auth", "-"],
        ] {
            let output = filterctl(directory.path(), args, &text).unwrap();
            let out = String::from_utf8(output.stdout).unwrap();
            assert!(out.contains("leway") && !out.contains(secret), "{name}: {out}");
        }
    }
}

#[test]
fn fix_cannot_write_the_standard_input() {
    let directory = tempfile::tempdir().unwrap();
    let args = ["check", "--filter", "jwt-auth", "--assume-env", "--fix", "--write", "-"];
    let output = filterctl(directory.path(), &args, WRONG).unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--write needs files, not the standard input"), "{error}");
}

#[test]
fn no_colours_without_a_terminal() {
    assert!(!check(&["--assume-env"]).unwrap().1.contains('\u{1b}'));
}

#[test]
fn completions_and_man_pages_exist() {
    let directory = tempfile::tempdir().unwrap();
    for args in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["man"],
        &["man", "check"],
    ] {
        let output = filterctl(directory.path(), args, "").unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        let text = String::from_utf8(output.stdout).unwrap().replace('\\', "");
        assert!(text.contains("explain-code") || text.contains("assume-env"), "{args:?}");
    }
}

const OLD: &str = "minute: 100\n";
const NEW: &str = "minute: 200\n";

/// The exit code and the output of a comparison of [`OLD`] with [`NEW`].
fn diff(args: &[&str]) -> Result<(Option<i32>, String)> {
    let directory = tempfile::tempdir()?;
    fs::write(directory.path().join("old.yaml"), OLD)?;
    fs::write(directory.path().join("new.yaml"), NEW)?;
    let args = [&["diff", "old.yaml", "new.yaml", "--filter", "rate-limit"], args].concat();
    let output = filterctl(directory.path(), &args, "")?;
    Ok((output.status.code(), String::from_utf8(output.stdout)?))
}

#[test]
fn diff_fails_only_on_the_given_effect() {
    let code = |args: &[&str]| diff(args).unwrap().0;
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["--fail-on", "looser"]), Some(1));
    assert_eq!(code(&["--fail-on", "stricter"]), Some(0));
}

#[test]
fn diff_writes_text_and_json() {
    let text = diff(&[]).unwrap().1;
    assert!(text.starts_with("looser\n  rate-limit: 100 requests a minute become 200\n"), "{text}");
    let json: Value = serde_json::from_str(&diff(&["-o", "json"]).unwrap().1).unwrap();
    assert_eq!(json[0]["effect"], "looser");
    assert_eq!(json[1]["message"], "counts start at zero: other limits");
}

#[test]
fn diff_compares_directories() {
    let directory = tempfile::tempdir().unwrap();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for side in ["old", "new"] {
        fs::create_dir(directory.path().join(side)).unwrap();
        for file in ["dynamic.yaml", "traefik.yaml"] {
            let text =
                fs::read_to_string(repository.join("host-config/traefik").join(file)).unwrap();
            let text = if side == "new" { text.replace("[exp]", "[exp, nbf]") } else { text };
            fs::write(directory.path().join(side).join(file), text).unwrap();
        }
    }
    let output = filterctl(directory.path(), &["diff", "old", "new"], "").unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("jwt-auth claims_to_verify: nbf is new\n    route api\n"), "{text}");
}
