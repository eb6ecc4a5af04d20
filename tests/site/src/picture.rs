//! A picture of a terminal, with commands of a page and their output. It appears line by line.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};

use crate::{
    console::{self, Command},
    page::Page,
};

/// A command by its beginning, and the lines of its output by theirs.
pub type Step<'t> = (&'t str, &'t [&'t str]);

const LINE_HEIGHT: usize = 19;
const CHARACTER_WIDTH: usize = 8;
const MARGIN: usize = 20;
const TITLE_BAR: usize = 40;

/// Milliseconds before the output of a command, between lines, and before the next command.
const RUN: usize = 600;
const NEXT_LINE: usize = 60;
const NEXT_COMMAND: usize = 1200;

const STYLE: &str = "text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#dfe4ee;\
    white-space:pre;animation:show .01s both}.c{fill:#fff;font-weight:600}.p{fill:#7fd6a4}\
    .good{fill:#7fd6a4}.bad{fill:#ff9494}.gap{fill:#9aa5b8}\
    @keyframes show{from{opacity:0}}@media(prefers-reduced-motion:reduce){text{animation:none}}";

struct Line {
    class: &'static str,
    prompt: &'static str,
    text: String,
    /// Milliseconds after the start.
    start: usize,
}

/// The picture of some commands of a page, as SVG.
///
/// # Errors
/// If the page lacks a command or a line of its output.
pub fn of(page: &Page, steps: &[Step<'_>]) -> Result<String> {
    let commands: Vec<Command> = page
        .blocks_in("console")
        .map(|block| console::parse(&block.text))
        .collect::<Result<Vec<_>>>()?
        .concat();
    let (mut lines, mut start) = (Vec::new(), 0);
    for (beginning, output) in steps {
        let command = commands.iter().find(|command| command.input.starts_with(beginning));
        let command = command.with_context(|| format!("{}: no {beginning:?}", page.path))?;
        for (n, text) in command.input.lines().enumerate() {
            let prompt = if n == 0 { "$ " } else { "> " };
            lines.push(Line { class: "c", prompt, text: text.to_owned(), start });
        }
        for (n, text) in shown(command, output)?.into_iter().enumerate() {
            let start = start + RUN + n * NEXT_LINE;
            lines.push(Line { class: class(&text), prompt: "", text, start });
        }
        start = lines.last().map_or(0, |line| line.start) + NEXT_COMMAND;
    }
    Ok(svg(&lines))
}

/// The lines of an output with these beginnings, and `...` for the others between them.
fn shown(command: &Command, beginnings: &[&str]) -> Result<Vec<String>> {
    for beginning in beginnings {
        let is_there = command.output.lines().any(|line| line.starts_with(beginning));
        ensure!(is_there, "{:?} does not print {beginning:?}", command.input);
    }
    let is_shown = |line: &&str| beginnings.iter().any(|beginning| line.starts_with(beginning));
    let mut lines: Vec<String> = Vec::new();
    for line in command.output.lines() {
        match is_shown(&line) {
            true => lines.push(line.to_owned()),
            false if lines.last().is_some_and(|last| last != "...") => lines.push("...".to_owned()),
            false => {}
        }
    }
    if lines.last().is_some_and(|last| last == "...") {
        lines.pop();
    }
    Ok(lines)
}

fn class(text: &str) -> &'static str {
    let has = |status: &str| text.split(' ').any(|word| word == status);
    match text {
        "..." => "gap",
        _ if has("401") || has("429") => "bad",
        _ if has("200") => "good",
        _ => "",
    }
}

fn svg(lines: &[Line]) -> String {
    let longest = lines.iter().map(|line| line.text.chars().count() + line.prompt.len()).max();
    let width = longest.unwrap_or(0) * CHARACTER_WIDTH + 2 * MARGIN;
    let height = TITLE_BAR + lines.len() * LINE_HEIGHT + MARGIN;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" role=\"img\" \
         aria-label=\"A terminal with commands and their output\">\n<style>{STYLE}</style>\n\
         <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"10\" fill=\"#131824\" stroke=\"#566078\"/>\n\
         <g fill=\"#566078\"><circle cx=\"22\" cy=\"20\" r=\"5\"/><circle cx=\"40\" cy=\"20\" r=\"5\"/>\
         <circle cx=\"58\" cy=\"20\" r=\"5\"/></g>\n",
        width - 1,
        height - 1,
    );
    for (n, line) in lines.iter().enumerate() {
        let y = TITLE_BAR + (n + 1) * LINE_HEIGHT - 6;
        let prompt = match line.prompt {
            "" => String::new(),
            prompt => format!("<tspan class=\"p\">{}</tspan>", escaped(prompt)),
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "<text class=\"{}\" x=\"{MARGIN}\" y=\"{y}\" style=\"animation-delay:{}ms\">{prompt}{}</text>",
            line.class,
            line.start,
            escaped(&line.text),
        );
    }
    text.push_str("</svg>\n");
    text
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
