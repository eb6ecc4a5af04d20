//! The options about the proxy's environment.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, bail};
use novasphere_explain::Environment;

/// The proxy's environment, as options.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct EnvironmentArgs {
    /// A variable of the proxy's environment. Without a value, the value in the environment of this
    /// command.
    #[arg(long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// A file with lines NAME=value. Empty lines and lines that start with # are ignored.
    #[arg(long, value_name = "FILE")]
    env_file: Vec<String>,
    /// Assume a value for each variable that is not given. For CI, where secrets are not known.
    #[arg(long)]
    assume_env: bool,
}

impl EnvironmentArgs {
    /// Reads the files and the options. Options override files.
    ///
    /// # Errors
    /// If a file cannot be read, or an entry has the wrong form.
    pub fn read(&self) -> Result<Environment> {
        let mut variables = BTreeMap::new();
        for path in &self.env_file {
            let text = fs::read_to_string(path).with_context(|| path.clone())?;
            for (n, line) in text.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let Some((name, value)) = line.split_once('=') else {
                    bail!("{path}:{}: expected NAME=value", n.saturating_add(1));
                };
                variables.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
            }
        }
        for entry in &self.env {
            let (name, value) = match entry.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => {
                    let value = std::env::var(entry);
                    (entry.as_str(), value.with_context(|| format!("--env {entry}: not set"))?)
                }
            };
            variables.insert(name.to_owned(), value);
        }
        Ok(Environment { variables, assume_missing: self.assume_env })
    }
}

/// The text without one pair of quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn options_override_files() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "# comment\n\nA=\"1=2\"\nB = x").unwrap();
        let args = EnvironmentArgs {
            env: vec!["B=y=z".to_owned()],
            env_file: vec![file.path().display().to_string()],
            assume_env: false,
        };
        let expected = [("A", "1=2"), ("B", "y=z")].map(|(n, v)| (n.to_owned(), v.to_owned()));
        assert_eq!(args.read().unwrap().variables, expected.into());
    }

    #[test]
    fn errors_name_the_line_and_no_value() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "A=1\ns3cret").unwrap();
        let path = file.path().display().to_string();
        let args = EnvironmentArgs { env_file: vec![path], ..EnvironmentArgs::default() };
        let error = args.read().unwrap_err().to_string();
        assert!(error.ends_with(":2: expected NAME=value"), "{error}");
    }
}
