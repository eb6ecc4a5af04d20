//! A Markdown file.

use std::{collections::BTreeSet, fs, ops::Range};

use anyhow::{Context, Result};
use novasphere_harness::paths::repository;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// A file with its parts.
#[derive(Clone, Debug)]
pub struct Page {
    /// The path from the repository's root.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// The fenced blocks.
    pub blocks: Vec<Block>,
    /// The targets of links and images.
    pub links: Vec<String>,
    /// The anchors of the headings.
    pub anchors: BTreeSet<String>,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The word after the fence: `yaml`.
    pub language: String,
    /// The comment directly before the block: `file: envoy.yaml`.
    pub mark: Option<String>,
    /// The text in the page.
    pub range: Range<usize>,
    /// The text without the indentation of the surrounding list.
    pub text: String,
}

impl Block {
    /// The value of the comment before the block, if it starts with `name`.
    pub fn mark(&self, name: &str) -> Option<&str> {
        let (own, value) = self.mark.as_deref()?.split_once(':')?;
        (own == name).then(|| value.trim())
    }
}

impl Page {
    /// Reads a file of the repository.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &str) -> Result<Self> {
        let text = fs::read_to_string(repository().join(path)).with_context(|| path.to_owned())?;
        Ok(Self::new(path, text))
    }

    fn new(path: &str, text: String) -> Self {
        let mut reader = Reader::default();
        let parser = Parser::new_ext(&text, Options::ENABLE_TABLES).into_offset_iter();
        for (event, range) in parser {
            reader.see(event, range);
        }
        let Reader { blocks, links, anchors, .. } = reader;
        Self { path: path.to_owned(), text, blocks, links, anchors }
    }

    /// The blocks in a language.
    pub fn blocks_in<'p>(&'p self, language: &'p str) -> impl Iterator<Item = &'p Block> {
        self.blocks.iter().filter(move |block| block.language == language)
    }

    /// The value of the page's comment `<!-- name: value -->`, which may be anywhere.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let (_, after) = self.text.split_once(&format!("<!-- {name}: "))?;
        Some(after.split_once(" -->")?.0)
    }
}

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    links: Vec<String>,
    anchors: BTreeSet<String>,
    block: Option<Block>,
    heading: Option<String>,
    comment: Option<String>,
}

impl Reader {
    fn see(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(Tag::HtmlBlock) | Event::End(TagEnd::HtmlBlock) => {}
            Event::Html(html) => self.comment = comment(&html),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let mark = self.comment.take();
                let (language, text) = (info.into_string(), String::new());
                self.block = Some(Block { language, mark, range: range.end..range.end, text });
            }
            Event::End(TagEnd::CodeBlock) => self.blocks.extend(self.block.take()),
            Event::Start(Tag::Heading { .. }) => self.heading = Some(String::new()),
            Event::End(TagEnd::Heading(_)) => self.end_heading(),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                self.links.push(dest_url.into_string());
            }
            Event::Text(text) | Event::Code(text) => self.text(&text, range),
            _ => self.comment = None,
        }
    }

    fn text(&mut self, text: &str, range: Range<usize>) {
        if let Some(block) = &mut self.block {
            if block.text.is_empty() {
                block.range = range.clone();
            }
            block.range.end = range.end;
            block.text.push_str(text);
        } else if let Some(heading) = &mut self.heading {
            heading.push_str(text);
        }
    }

    fn end_heading(&mut self) {
        let anchor = anchor(&self.heading.take().unwrap_or_default());
        let numbered = (1..).map(|n| format!("{anchor}-{n}"));
        let free = std::iter::once(anchor.clone())
            .chain(numbered)
            .find(|candidate| !self.anchors.contains(candidate));
        self.anchors.extend(free);
    }
}

fn comment(html: &str) -> Option<String> {
    let text = html.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    Some(text.trim().to_owned())
}

/// The anchor of a heading, on GitHub and in mdBook.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_blocks_links_and_headings() {
        let text = "# `jwks` in Envoy\n\n[a](b.md#c)\n\n<!-- file: a.yaml -->\n```yaml\na: 1\nb: 2\n```\n\
                    \n- list\n\n  ```json\n  {}\n  ```\n\n## Same\n\n## Same\n";
        let page = Page::new("p.md", text.to_owned());
        assert_eq!(page.links, ["b.md#c"]);
        let anchors: Vec<&str> = page.anchors.iter().map(String::as_str).collect();
        assert_eq!(anchors, ["jwks-in-envoy", "same", "same-1"]);
        let [yaml, json] = page.blocks.as_slice() else { panic!("{:?}", page.blocks) };
        assert_eq!((yaml.mark("file"), yaml.text.as_str()), (Some("a.yaml"), "a: 1\nb: 2\n"));
        assert_eq!(page.text.get(yaml.range.clone()), Some(yaml.text.as_str()));
        assert_eq!((json.mark.as_deref(), json.text.as_str()), (None, "{}\n"));
    }
}
