//! The credentials of a request.

use novasphere_explain::Input;

use super::names::{self, Names};

/// The length from which copies of a credential are hidden. Shorter ones occur in other words.
const LEAST: usize = 6;

/// The credentials of a request and of the upstream's response, the longest first.
pub(super) fn of(input: &Input, names: &Names) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in input.request.lines().iter().chain(&input.upstream.headers) {
        add_line(name, value, names, &mut found);
    }
    found.retain(|secret: &String| secret.len() >= LEAST);
    found.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    found.dedup();
    found
}

fn add_line(name: &[u8], value: &[u8], names: &Names, found: &mut Vec<String>) {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    let value = String::from_utf8_lossy(value).into_owned();
    let is_between: names::IsBetween =
        if name == ":path" { names::is_never_between } else { names::is_between_words };
    for (parameter, value) in names::parameters(&value, is_between) {
        if names.is_secret_parameter(parameter) {
            found.extend([value.to_owned(), names::decoded(value)]);
        }
    }
    if !names.is_secret_header(&name) {
        return;
    }
    let credentials = match names::scheme(&value) {
        Some(scheme) => value.get(scheme.len()..).unwrap_or_default(),
        None => &value,
    };
    let parts = credentials.split([',', ';', ' ']).map(str::trim);
    // `name=value` is a cookie, or a parameter of a scheme. Names are not secret.
    let bare = |part: &str| match part.split_once('=') {
        Some((_, value)) if !value.trim_matches('=').is_empty() => {
            value.trim_matches('"').to_owned()
        }
        _ => part.to_owned(),
    };
    found.push(credentials.trim().to_owned());
    if name != "set-cookie" {
        found.extend(parts.map(bare));
    } else {
        // Attributes such as Path follow the cookie.
        found.extend(parts.take(1).map(bare));
    }
}
