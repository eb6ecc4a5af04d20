//! Runs the commands of a page, in one shell.

use std::{
    fs,
    path::Path,
    process::{Child, Command as Process, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{startup::StartSlot, wait::within};

use crate::{
    console::{self, Command},
    page::{Block, Page},
    site,
    stage::Stage,
};

/// All commands of a page, on a machine under heavy load.
const LIMIT: Duration = Duration::from_secs(600);

/// The folder of the filters in the commands.
const MODULES: &str = "/etc/envoy/wasm/";

/// The bytes before and after a command's output.
const START: char = '\u{1e}';
const END: char = '\u{1f}';

/// Runs the page's commands, and returns the page's text with the real output.
///
/// # Errors
/// If a program is missing, or if the commands do not end in time.
pub fn run(page: &Page, filterctl: &Path) -> Result<String> {
    let blocks: Vec<(&Block, Vec<Command>)> = page
        .blocks_in("console")
        .map(|block| Ok((block, console::parse(&block.text)?)))
        .collect::<Result<_>>()?;
    let stage = Stage::new(filterctl)?;
    let mut script = preparation(page)?;
    for block in &page.blocks {
        script.push_str(&written(block));
        let own = blocks.iter().find(|(other, _)| other.range == block.range);
        for command in own.into_iter().flat_map(|(_, commands)| commands) {
            let input = command.input.replace(MODULES, &stage.modules());
            script.push_str(&format!("printf '{START}'\n{input}\nprintf '{END}%s' $?\n"));
        }
    }
    let mut results = results(&shell(&stage, &script)?)?.into_iter();
    let mut text = page.text.clone();
    for (block, commands) in blocks {
        let real: Vec<Command> = commands
            .iter()
            .map(|command| {
                let (status, output) = results.next().context("the shell ended early")?;
                Ok(command.with_result(status, &output.replace(&stage.modules(), MODULES)))
            })
            .collect::<Result<_>>()?;
        if real != commands {
            let shown = page.text.get(block.range.clone()).unwrap_or_default();
            text = text.replacen(shown, &console::format(&real), 1);
        }
    }
    Ok(text)
}

/// The files of the page that a page builds on, and its API in the background.
fn preparation(page: &Page) -> Result<String> {
    let Some(base) = page.setting("after") else { return Ok(String::new()) };
    let base = Page::read(&site::joined(&page.path, base))?;
    let files: String = base.blocks.iter().map(written).collect();
    ensure!(files.contains("api.py"), "{}: has no api.py", base.path);
    let wait = "curl -s -o /dev/null --retry 120 --retry-delay 1 --retry-connrefused http://localhost:8080";
    Ok(format!("{files}python3 api.py >/dev/null 2>&1 &\n{wait}\n"))
}

/// A command that writes a block into its file, if it has one.
fn written(block: &Block) -> String {
    let Some(name) = block.mark("file") else { return String::new() };
    format!("cat > {name} <<'END-OF-FILE'\n{}END-OF-FILE\n", block.text)
}

/// The output of all commands, each with its exit code.
fn results(output: &str) -> Result<Vec<(i32, String)>> {
    let mut results = Vec::new();
    for part in output.split(START).skip(1) {
        let (output, status) = part.split_once(END).context("a command ended the shell")?;
        let digits: String = status.chars().take_while(char::is_ascii_digit).collect();
        results.push((digits.parse()?, output.to_owned()));
    }
    Ok(results)
}

fn shell(stage: &Stage, script: &str) -> Result<String> {
    let file = stage.work().with_extension("sh");
    fs::write(&file, script)?;
    let output = stage.work().with_extension("out");
    let log = fs::File::create(&output)?;
    let _slot = StartSlot::acquire()?;
    let mut shell = Group(stage.shell()?.arg(&file).stdout(log.try_clone()?).stderr(log).spawn()?);
    let ended = within(LIMIT, "the commands", || Ok(shell.0.try_wait()?));
    let output = String::from_utf8_lossy(&fs::read(&output)?).into_owned();
    match ended {
        Ok(_) => Ok(output),
        Err(error) => bail!("{error:#}; output:\n{output}"),
    }
}

/// A shell with the programs that it started in the background. Dropping it ends all of them.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // The shell's built-in `kill`, because the program may not be installed.
        let kill = format!("kill -KILL -{}", self.0.id());
        let _ = Process::new("sh").arg("-c").arg(kill).stderr(Stdio::null()).status();
        let _ = self.0.wait();
    }
}
