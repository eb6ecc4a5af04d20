//! Checks of regular expressions in `origins`: expressions that match nothing, or too much.

use std::fmt;

use novasphere_core::{InvalidPattern, Pattern};

/// Unused host names of several kinds and lengths. An expression that matches one of them under a
/// public suffix matches sites of any owner.
const UNUSED_NAMES: [&str; 5] = [
    "zqxvkj",
    "zq7-nobody",
    "qzxvkjqzxvkjqzxvkjqzxvkjqzxvkjqzxvkjqzxv",
    "zq7-app.zq7-nobody",
    "zqapp.zqxvkj",
];

/// Suffixes under which anyone can register a name. The first is reserved (RFC 2606 section 2).
const SUFFIXES: [&str; 12] =
    ["invalid", "com", "net", "org", "io", "dev", "app", "co", "eu", "de", "co.uk", "com.br"];

/// Why an expression is rejected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InvalidOriginPattern {
    Syntax(InvalidPattern),
    /// The entry must be `null`, without the `~`.
    Null,
    NoScheme,
    DefaultPort,
    UpperCase,
    /// A dot that matches any character.
    BareDot,
    Path,
    /// The expression matches sites of any owner.
    AnyOwner {
        example: String,
    },
}

impl fmt::Display for InvalidOriginPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax(error) => {
                let remedy = match error {
                    InvalidPattern::Empty => "write the expression after the ~",
                    InvalidPattern::TooLong(_) => "split it into several entries",
                    InvalidPattern::Syntax { .. } => "correct it",
                };
                return write!(f, "{error}; {remedy}");
            }
            Self::AnyOwner { example } => {
                return write!(
                    f,
                    "matches sites of any owner, such as {example}: name the domain, or use \"*\" \
                     if you mean every site"
                );
            }
            Self::Null => "is not an origin: write \"null\" without the ~",
            Self::NoScheme => "never matches: an origin starts with its scheme, such as https://",
            Self::DefaultPort => {
                "never matches: expressions see origins without the default port; remove it"
            }
            Self::UpperCase => {
                "has an upper-case letter, but expressions see origins in lower case: write it in \
                 lower case"
            }
            Self::BareDot => {
                "has a dot that matches any character, so appxnovasphere.io would match: write \\. \
                 for a dot, or [a-z0-9-] for a letter"
            }
            Self::Path => {
                "has a / after the host: an origin has no path, not even a final / (RFC 6454 6.2)"
            }
        })
    }
}

impl std::error::Error for InvalidOriginPattern {}

/// The regular expression for an entry with a misplaced `*`. `None` if there is a wildcard in the
/// last two labels, because the expression would match the sites of any owner.
pub(super) fn of_wildcards(entry: &str) -> Option<String> {
    let (scheme, rest) = entry.split_once("://")?;
    let mut labels = rest.rsplit('.');
    let domain = [labels.next()?, labels.next()?];
    if domain.iter().any(|label| label.trim_end_matches(":*").contains('*')) {
        return None;
    }
    let scheme = if scheme.contains('*') { "https?" } else { scheme };
    let rest = rest.replace(":*", ":[0-9]+").replace('.', r"\.");
    let rest = rest.replace("**", "[a-z0-9.-]+").replace('*', "[a-z0-9-]+");
    Some(format!("{scheme}://{rest}"))
}

/// Parses the expression after a `~`.
pub(super) fn parse(text: &str) -> Result<Pattern, InvalidOriginPattern> {
    let pattern = Pattern::new(text).map_err(InvalidOriginPattern::Syntax)?;
    check_text(text)?;
    match SUFFIXES.iter().find_map(|suffix| unused_origin_under(suffix, &pattern)) {
        Some(example) => Err(InvalidOriginPattern::AnyOwner { example }),
        None => Ok(pattern),
    }
}

/// An unused origin under `suffix` that `pattern` matches.
fn unused_origin_under(suffix: &str, pattern: &Pattern) -> Option<String> {
    let schemes_and_ports = [("https", ""), ("http", ""), ("https", ":8443"), ("http", ":8080")];
    schemes_and_ports.into_iter().find_map(|(scheme, port)| {
        let mut origins =
            UNUSED_NAMES.iter().map(|name| format!("{scheme}://{name}.{suffix}{port}"));
        origins.find(|origin| pattern.is_match(origin))
    })
}

/// A top-level domain in `text` under which `pattern` matches every site.
pub(super) fn top_level_domain<'t>(text: &'t str, pattern: &Pattern) -> Option<&'t str> {
    let mut labels = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    labels.find(|label| {
        !label.is_empty() && *label != "localhost" && unused_origin_under(label, pattern).is_some()
    })
}

/// Whether `text` may match plain http from another machine.
pub(super) fn is_plain_http(text: &str) -> bool {
    let is_http = |text: &str| {
        ["http:", "https?", "http|", "http)", "http(s"].iter().any(|scheme| text.contains(scheme))
    };
    let is_open = |text: &str| text.trim_start_matches(['^', '(']).starts_with(['.', '[']);
    origins(text).into_iter().any(|one| (is_http(one) || is_open(one)) && !is_loopback(one))
}

/// The alternatives if each has its own scheme, as in `https://novasphere\.io|http://localhost`, with or
/// without parentheses around all of them. Otherwise the whole text.
fn origins(text: &str) -> Vec<&str> {
    let splits = [0, 1].map(|depth| alternatives(text, depth));
    let have_schemes =
        |all: &Vec<&str>| all.len() > 1 && all.iter().all(|origin| origin.contains("//"));
    splits.into_iter().find(have_schemes).unwrap_or_else(|| vec![text])
}

/// The parts between `|` in at most `max_depth` pairs of parentheses.
fn alternatives(text: &str, max_depth: usize) -> Vec<&str> {
    let mut depth = 0_usize;
    let is_end = |c| {
        match c {
            '(' => depth = depth.saturating_add(1),
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '|' && depth <= max_depth
    };
    text.split(is_end).collect()
}

/// Whether `text` matches hosts of the user's own machine and names no others.
fn is_loopback(text: &str) -> bool {
    let hosts = ["localhost", "\\[::1", "[::1"];
    let mut rest = hosts.iter().fold(text.to_owned(), |rest, host| rest.replace(host, ""));
    while let Some((start, end)) = rest.split_once("127\\.") {
        let is_number = |c: char| c.is_ascii_digit() || "\\.d+{},[]-".contains(c);
        rest = format!("{start}{}", end.trim_start_matches(is_number));
    }
    rest != text && names(&without_escapes(&rest)).next().is_none()
}

fn without_escapes(text: &str) -> String {
    text.replace("\\.", ".").replace("\\-", "-")
}

/// The literal parts of an expression that contain a dot: `novasphere.io` in `[^.]*novasphere\.io`.
fn names(plain: &str) -> impl Iterator<Item = &str> {
    let is_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let parts = plain.split(move |c: char| !is_literal(c));
    parts.filter(|part| part.contains('.') && part.contains(|c: char| c.is_ascii_alphanumeric()))
}

/// Whether `pattern` allows any text directly before a name, as `.*novasphere\.io` allows
/// `evilnovasphere.io`.
pub(super) fn has_open_start(text: &str, pattern: &Pattern) -> bool {
    let has_rest = |any| {
        let mut rests = text.split(any).skip(1);
        rests.any(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let plain = without_escapes(text);
    let mut names =
        names(&plain).filter(|name| name.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let allows_prefix = |name: &str| {
        let mut origins = ["https", "http"]
            .into_iter()
            .flat_map(|scheme| ["evil", "evil1-"].map(|front| format!("{scheme}://{front}{name}")));
        origins.any(|origin| pattern.is_match(&origin))
    };
    has_rest(".*") || has_rest(".+") || names.any(allows_prefix)
}

/// Rejects expressions that cannot match an origin in lower case and without a default port, or
/// that match unintended ones.
fn check_text(text: &str) -> Result<(), InvalidOriginPattern> {
    if text == "null" {
        return Err(InvalidOriginPattern::Null);
    }
    if !can_match_slash(text) {
        return Err(InvalidOriginPattern::NoScheme);
    }
    let (start, end) = (text.trim_start_matches('^'), text.trim_end_matches(['$', ')']));
    let default_ports = [("https:", ":443"), ("http:", ":80")];
    if default_ports.iter().any(|(scheme, port)| start.starts_with(scheme) && end.ends_with(port)) {
        return Err(InvalidOriginPattern::DefaultPort);
    }
    check_characters(text)
}

fn check_characters(text: &str) -> Result<(), InvalidOriginPattern> {
    let ignores_case = text.contains("(?i");
    let plain = text.replace("\\/", "/");
    let mut chars = plain.chars().peekable();
    let mut last = ' ';
    while let Some(c) = chars.next() {
        let next = chars.peek().copied().unwrap_or(' ');
        match c {
            '\\' => {
                chars.next();
            }
            '[' => {
                let class: String = chars.by_ref().take_while(|c| *c != ']').collect();
                let letters = class.replace('-', "");
                let is_upper = letters.bytes().all(|b| b.is_ascii_uppercase());
                if is_upper && !letters.is_empty() && !ignores_case {
                    return Err(InvalidOriginPattern::UpperCase);
                }
            }
            // Skips flags and group names.
            '(' if next == '?' => {
                chars.by_ref().find(|c| matches!(c, ':' | '>' | ')'));
            }
            c if c.is_ascii_uppercase() && !ignores_case => {
                return Err(InvalidOriginPattern::UpperCase);
            }
            // A repetition after the dot shows that it is intended.
            '.' if !matches!(next, '*' | '+' | '?' | '{') => {
                return Err(InvalidOriginPattern::BareDot);
            }
            // Not part of the two after the scheme.
            '/' if !matches!(last, '/' | ':' | '*' | '+' | '}')
                && !matches!(next, '/' | '*' | '?' | '{') =>
            {
                return Err(InvalidOriginPattern::Path);
            }
            _ => {}
        }
        last = c;
    }
    Ok(())
}

/// Whether `text` can match a `/`, which every origin has.
fn can_match_slash(text: &str) -> bool {
    let others = ["/", "[^", "[!", "[[:", "\\S", "\\D", "\\W", "\\x", "\\u", "\\U"];
    others.iter().any(|other| text.contains(other)) || text.replace("\\.", "").contains('.')
}
