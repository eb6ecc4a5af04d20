//! Regular expressions in `origins`: what they cannot match, what they match too much of.

use novasphere_core::{InvalidPattern, Pattern};

/// Hosts that nobody has, of several kinds and lengths: an expression that matches one of these
/// under a public suffix names no one's origin in particular.
const NOBODY: [&str; 5] = [
    "zqxvkj",
    "zq7-nobody",
    "qzxvkjqzxvkjqzxvkjqzxvkjqzxvkjqzxvkjqzxv",
    "zq7-app.zq7-nobody",
    "zqapp.zqxvkj",
];

/// Where anybody may register a name (the first: RFC 2606 section 2).
const SUFFIXES: [&str; 12] =
    ["invalid", "com", "net", "org", "io", "dev", "app", "co", "eu", "de", "co.uk", "com.br"];

/// The expression behind a `~`.
pub(super) fn compile(text: &str) -> Result<Pattern, String> {
    let pattern = Pattern::new(text).map_err(|why| {
        let remedy = match why {
            InvalidPattern::Empty => "write the expression behind the ~",
            InvalidPattern::TooLong(_) => "split it into several entries",
            InvalidPattern::Syntax { .. } => "mend it",
        };
        format!("{why}; {remedy}")
    })?;
    if let Some(fault) = mistake(text) {
        return Err(format!("{text:?} {fault}"));
    }
    if let Some(somebody) = SUFFIXES.iter().find_map(|suffix| anybody_under(suffix, &pattern)) {
        return Err(format!(
            "{text:?} matches sites of anybody, such as {somebody}: name the domain, or write \
             \"*\" if every site is meant"
        ));
    }
    Ok(pattern)
}

/// An origin of nobody directly or further below `suffix` that `pattern` matches.
fn anybody_under(suffix: &str, pattern: &Pattern) -> Option<String> {
    let schemes_and_ports = [("https", ""), ("http", ""), ("https", ":8443"), ("http", ":8080")];
    schemes_and_ports.into_iter().find_map(|(scheme, port)| {
        let mut origins = NOBODY.iter().map(|host| format!("{scheme}://{host}.{suffix}{port}"));
        origins.find(|origin| pattern.is_match(origin))
    })
}

/// A top-level domain in `text`, when it matches every site under it.
pub(super) fn top_level_domain<'t>(text: &'t str, pattern: &Pattern) -> Option<&'t str> {
    let mut labels = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    labels.find(|label| {
        !label.is_empty() && *label != "localhost" && anybody_under(label, pattern).is_some()
    })
}

/// Whether it may match plain http from another machine.
pub(super) fn is_plain_http(text: &str) -> bool {
    let is_http = ["http:", "https?", "http|", "http)"].iter().any(|scheme| text.contains(scheme));
    let is_open = text.trim_start_matches(['^', '(']).starts_with(['.', '[']);
    let is_loopback = ["localhost", "127\\.", "[::1", "\\[::1"];
    (is_http || is_open) && !is_loopback.iter().any(|host| text.contains(host))
}

/// Whether anything may stand right before a name, so that `.*novasphere\.io` means
/// `evilnovasphere.io` too.
pub(super) fn has_open_front(text: &str, pattern: &Pattern) -> bool {
    let is_open = |any| {
        let mut rests = text.split(any).skip(1);
        rests.any(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    // What is written letter by letter, `novasphere.io` of `[^.]*novasphere\.io`.
    let plain = text.replace("\\.", ".").replace("\\-", "-");
    let is_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let mut names = plain
        .split(|c: char| !is_literal(c))
        .filter(|name| name.contains('.') && name.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let is_behind_anything = |name: &str| {
        let mut origins = ["https", "http"]
            .into_iter()
            .flat_map(|scheme| ["evil", "evil1-"].map(|front| format!("{scheme}://{front}{name}")));
        origins.any(|origin| pattern.is_match(&origin))
    };
    is_open(".*") || is_open(".+") || names.any(is_behind_anything)
}

/// Why `text` cannot match, or matches what is hardly meant. It sees origins in lower case and
/// without a default port.
fn mistake(text: &str) -> Option<&'static str> {
    if text == "null" {
        return Some("is no origin: write \"null\" without the ~");
    }
    if !may_match_a_slash(text) {
        return Some("never matches: an origin starts with its scheme, as in https://");
    }
    let (start, end) = (text.trim_start_matches('^'), text.trim_end_matches(['$', ')']));
    let default_ports = [("https:", ":443"), ("http:", ":80")];
    if default_ports.iter().any(|(scheme, port)| start.starts_with(scheme) && end.ends_with(port)) {
        return Some("never matches: it sees no default port, so leave that out");
    }
    let any_case = text.contains("(?i");
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
                if is_upper && !letters.is_empty() && !any_case {
                    return Some(UPPER_CASE);
                }
            }
            // Flags and names of groups.
            '(' if next == '?' => {
                chars.by_ref().find(|c| matches!(c, ':' | '>' | ')'));
            }
            c if c.is_ascii_uppercase() && !any_case => return Some(UPPER_CASE),
            // With a repetition behind it, it is meant so.
            '.' if !matches!(next, '*' | '+' | '?' | '{') => return Some(BARE_DOT),
            // Not one of the two behind the scheme.
            '/' if !matches!(last, '/' | ':' | '*' | '+' | '}')
                && !matches!(next, '/' | '*' | '?' | '{') =>
            {
                return Some(PATH);
            }
            _ => {}
        }
        last = c;
    }
    None
}

const UPPER_CASE: &str =
    "holds an upper case letter, and it sees origins in lower case: write it in lower case";

const BARE_DOT: &str = "holds a dot that stands for any character, as in appxnovasphere.io: write \
                        \\. for a dot, or [a-z0-9-] for a letter";

const PATH: &str =
    "holds a / behind the host: an origin has no path, not even a final / (RFC 6454 6.2)";

/// Every origin has one.
fn may_match_a_slash(text: &str) -> bool {
    let others = ["/", "[^", "[!", "[[:", "\\S", "\\D", "\\W", "\\x", "\\u", "\\U"];
    others.iter().any(|other| text.contains(other)) || text.replace("\\.", "").contains('.')
}
