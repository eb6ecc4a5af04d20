//! `make docs` finds broken links of the built book.

use std::{fs, process::Command};

use anyhow::{Result, ensure};
use novasphere_harness::paths::repository;

#[test]
fn broken_links_of_the_book_are_reported() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text);
    fs::create_dir(folder.path().join("b"))?;
    write(
        "a.html",
        r##"<a href="b/#x">1</a> <a href="https://a.example/">2</a> <img src="c.svg">"##,
    )?;
    write("b/index.html", r##"<p id="x"><a href="../a.html">1</a> <a href="#x">2</a>"##)?;
    write("c.svg", "")?;
    ensure!(check(&folder)?.is_empty(), "{}", check(&folder)?);
    write(
        "c.html",
        r##"<a href="b/#y">1</a> <script src="d.js"></script> <a href="../../etc">2</a>"##,
    )?;
    let expected = "c.html: b/#y: no such anchor\nc.html: d.js: no such file\nc.html: ../../etc: no such file\n";
    ensure!(check(&folder)? == expected, "{}", check(&folder)?);
    Ok(())
}

/// What the script reports. It fails exactly if it reports something.
fn check(folder: &tempfile::TempDir) -> Result<String> {
    let script = repository().join("tests/site/book_links.py");
    let output = Command::new("python3").arg(script).arg(folder.path()).output()?;
    let text = String::from_utf8(output.stderr)?;
    ensure!(output.status.success() == text.is_empty(), "{}: {text}", output.status);
    Ok(text)
}
