//! Texts with places to fill: `@NAME@`.

/// Fills the places of a template.
#[derive(Debug, Default)]
pub(crate) struct Template {
    words: Vec<(&'static str, String)>,
    blocks: Vec<(&'static str, Vec<String>)>,
}

impl Template {
    /// Fills a place inside a line.
    pub(crate) fn word(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.words.push((name, text.into()));
        self
    }

    /// Fills a line with lines of the same indentation. Without any, the line is removed.
    pub(crate) fn block(mut self, name: &'static str, lines: Vec<String>) -> Self {
        self.blocks.push((name, lines));
        self
    }

    /// The lines of a template with all places filled. Blocks may contain words, and blocks that were
    /// added after them.
    pub(crate) fn lines(&self, template: &str) -> Vec<String> {
        let mut lines: Vec<String> = template.lines().map(str::to_owned).collect();
        for (name, block) in &self.blocks {
            let place = format!("@{name}@");
            let filled = lines.into_iter().flat_map(|line| {
                if line.trim() != place {
                    return vec![line];
                }
                let indentation = line.replace(&place, "");
                block.iter().map(|inner| format!("{indentation}{inner}")).collect()
            });
            lines = filled.collect();
        }
        for (name, word) in &self.words {
            let place = format!("@{name}@");
            lines.iter_mut().for_each(|line| *line = line.replace(&place, word));
        }
        lines.into_iter().map(|line| line.trim_end().to_owned()).collect()
    }

    /// A template with all places filled, as text.
    pub(crate) fn text(&self, template: &str) -> String {
        let mut text = self.lines(template).join("\n");
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_keep_their_indentation() {
        let template = Template::default()
            .block("OUTER", vec!["a:".to_owned(), "  @INNER@".to_owned()])
            .block("INNER", vec!["b: @WORD@".to_owned()])
            .block("NONE", Vec::new())
            .word("WORD", "1");
        assert_eq!(template.text("x:\n  @OUTER@\n@NONE@\ny: @WORD@"), "x:\n  a:\n    b: 1\ny: 1\n");
    }
}
