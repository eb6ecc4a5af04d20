//! Runs the commands of a page, in one shell.

use std::{
    env, fs,
    process::{Child, Command as Process, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use novasphere_harness::{clock, paths::repository, startup::StartSlot, wait::within};

use crate::{
    console::{self, Command},
    page::{Block, Page},
    site,
    stage::Stage,
};

/// All commands of a page, on a machine under heavy load.
const LIMIT: Duration = Duration::from_secs(7_200);

/// The bytes before and after a command's output.
const START: char = '\u{1e}';
const END: char = '\u{1f}';

/// The limits on the pages count in minutes of the clock. Commands that send requests before and after
/// the turn of a minute print other output, so they run again.
const TRIES: usize = 5;

/// Compares the output that a page shows with that of its commands, each time on a new stage. With
/// `UPDATE_SNAPSHOTS`, rewrites the page instead.
///
/// # Errors
/// If the output differs, or the commands cannot run.
pub fn check(page: &Page, stage: impl Fn() -> Result<Stage>) -> Result<()> {
    let mut text = String::new();
    for _ in 0..TRIES {
        let start = clock::unix_seconds() / 60;
        text = run(page, &stage()?)?;
        if text == page.text {
            return Ok(());
        }
        if clock::unix_seconds() / 60 == start {
            break;
        }
    }
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        return fs::write(repository().join(&page.path), text).context("cannot update the page");
    }
    let differences: Vec<String> = text
        .lines()
        .zip(page.text.lines())
        .filter(|(real, shown)| real != shown)
        .take(10)
        .map(|(real, shown)| format!("- {shown}\n+ {real}"))
        .collect();
    bail!("the commands print other output:\n{}", differences.join("\n"))
}

/// Runs the page's commands on a stage, and returns the page's text with the real output.
fn run(page: &Page, stage: &Stage) -> Result<String> {
    let blocks: Vec<(&Block, Vec<Command>)> = page
        .blocks_in("console")
        .map(|block| Ok((block, console::parse(&block.text)?)))
        .collect::<Result<_>>()?;
    let mut script = preparation(page, stage)?;
    for block in &page.blocks {
        script.push_str(&written(block));
        let own = blocks.iter().find(|(other, _)| other.range == block.range);
        for command in own.into_iter().flat_map(|(_, commands)| commands) {
            let input = stage.real(&command.input);
            script.push_str(&format!("printf '{START}'\n{input}\nprintf '{END}%s' $?\n"));
        }
    }
    let mut results = results(&shell(stage, &script)?)?.into_iter();
    let mut text = page.text.clone();
    for (block, commands) in blocks {
        let real: Vec<Command> = commands
            .iter()
            .map(|command| {
                let (status, output) = results.next().context("the shell ended early")?;
                Ok(command.with_result(status, &stage.shown(&output)))
            })
            .collect::<Result<_>>()?;
        if real != commands {
            let shown = page.text.get(block.range.clone()).unwrap_or_default();
            text = text.replacen(shown, &console::format(&real), 1);
        }
    }
    Ok(text)
}

/// The files of the page that a page builds on, and its API in the background. Then the commands in the
/// page's comment `before`.
fn preparation(page: &Page, stage: &Stage) -> Result<String> {
    let mut script = String::new();
    if let Some(base) = page.setting("after") {
        let base = Page::read(&site::joined(&page.path, base))?;
        script.extend(base.blocks.iter().map(written));
        ensure!(script.contains("api.py"), "{}: has no api.py", base.path);
        script.push_str("python3 api.py >/dev/null 2>&1 &\n");
        script.push_str("curl -s -o /dev/null --retry 20 --retry-connrefused ");
        script.push_str("http://localhost:8080\n");
    }
    if let Some(commands) = page.setting("before") {
        script.push_str(&format!("{{\n{}\n}} >&2\n", stage.real(commands)));
    }
    Ok(script)
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
