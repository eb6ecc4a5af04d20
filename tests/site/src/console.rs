//! The commands in a `console` block, in the form of trycmd: `$` before a command, `>` before its
//! further lines, `? 1` for an exit code other than 0, then the output. In the output, `[..]` stands for
//! any part of a line, and a line `...` for any lines.

use std::fmt::Write;

use anyhow::{Context, Result, bail};
use snapbox::{Data, filter::NormalizeToExpected};

/// A command and its output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// The lines of the command.
    pub input: String,
    /// The exit code.
    pub status: i32,
    /// The output, without white space at its end.
    pub output: String,
}

/// The commands of a block.
///
/// # Errors
/// If the block does not start with a command.
pub fn parse(block: &str) -> Result<Vec<Command>> {
    let mut commands: Vec<Command> = Vec::new();
    for line in block.lines() {
        if let Some(input) = line.strip_prefix("$ ") {
            commands.push(Command { input: input.to_owned(), ..Command::default() });
            continue;
        }
        let Some(command) = commands.last_mut() else {
            bail!("expected `$ command`, got {line:?}")
        };
        if let (Some(input), true) = (line.strip_prefix("> "), command.output.is_empty()) {
            command.input = format!("{}\n{input}", command.input);
        } else if let (Some(status), true) = (line.strip_prefix("? "), command.output.is_empty()) {
            command.status = status.parse().with_context(|| line.to_owned())?;
        } else {
            command.output = format!("{}{line}\n", command.output);
        }
    }
    for command in &mut commands {
        command.output.truncate(command.output.trim_end().len());
    }
    Ok(commands)
}

impl Command {
    /// The command with a real output, in which the patterns of the shown output replace all that
    /// they match.
    pub fn with_result(&self, status: i32, output: &str) -> Self {
        let expected = Data::text(self.output.clone());
        // HTTP ends lines with CR LF.
        let actual = Data::text(output.replace('\r', "").trim_end().to_owned());
        let normalized = NormalizeToExpected::new().redact().normalize(actual, &expected);
        Self { input: self.input.clone(), status, output: normalized.to_string() }
    }
}

/// The text of a block.
pub fn format(commands: &[Command]) -> String {
    let mut text = String::new();
    for (index, Command { input, status, output }) in commands.iter().enumerate() {
        // An empty line after an output.
        if index > 0 && text.ends_with("\n\n") {
            text.pop();
        }
        // Writing to a String does not fail.
        let _ = writeln!(text, "$ {}", input.replace('\n', "\n> "));
        if *status != 0 {
            let _ = writeln!(text, "? {status}");
        }
        if !output.is_empty() {
            let _ = writeln!(text, "{output}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str = "$ cat <<END\n> a\n> END\na\n$ false\n? 1\n$ date\n[..] 2026\n...\n";

    #[test]
    fn blocks_are_read_and_written() {
        let commands = parse(BLOCK).unwrap();
        assert_eq!(commands[0].input, "cat <<END\na\nEND");
        assert_eq!(commands[0].output, "a");
        assert_eq!((commands[1].status, commands[1].output.as_str()), (1, ""));
        assert_eq!(format(&commands), BLOCK);
        assert!(parse("output without a command\n").is_err());
    }

    #[test]
    fn patterns_match_and_other_output_differs() {
        let [.., date] = parse(BLOCK).unwrap().try_into().map(|c: [Command; 3]| c).unwrap();
        assert_eq!(date.with_result(0, "Mon 2026\nx\ny\n"), date);
        assert_ne!(date.with_result(0, "Mon 2025\n"), date);
        assert_ne!(date.with_result(1, "Mon 2026\nx\n"), date);
    }
}
