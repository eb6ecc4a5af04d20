//! The rules of the guide, applied to a plain list of lines and a list of parameters.

use super::{OPERATIONS, Operation};

/// A name and a value.
pub(super) type Line = (String, Vec<u8>);

pub(super) struct Plain {
    /// The lines that arrived.
    before: Vec<Line>,
    lines: Vec<Line>,
    /// `None` unless the target is a path.
    query: Option<Vec<Vec<u8>>>,
    is_request: bool,
}

impl Plain {
    pub(super) fn new(lines: &[Line], is_request: bool) -> Self {
        let target = &lines.iter().find(|(name, _)| name == ":path").cloned().unwrap_or_default().1;
        let pairs = split_query(target)
            .1
            .map(|query| query.split(|b| *b == b'&').map(<[u8]>::to_vec).collect::<Vec<_>>());
        let pairs = pairs.filter(|pairs| pairs != &[b""]).unwrap_or_default();
        let query = target.starts_with(b"/").then_some(pairs);
        Self { before: lines.to_vec(), lines: lines.to_vec(), query, is_request }
    }

    pub(super) fn apply(mut self, operations: &[Operation]) -> Vec<Line> {
        let removing = operations.iter().take(3).flat_map(|(headers, ..)| headers);
        let removed_names: Vec<String> = removing
            .flat_map(|entry| entry.split(": ").next().unwrap().split(':'))
            .map(folded)
            .collect();
        let query = self.query.clone();
        for (operation, (headers, params, condition)) in OPERATIONS.iter().zip(operations) {
            if *condition == "no" {
                continue;
            }
            for entry in headers {
                self.apply_to_headers(operation, entry, &removed_names);
            }
            if self.is_request {
                params.iter().for_each(|entry| self.apply_to_params(operation, entry));
            }
        }
        if self.query != query {
            let (query, is_path) = (self.query.unwrap_or_default(), |l: &&mut Line| l.0 == ":path");
            let path = self.lines.iter_mut().find(is_path).unwrap();
            path.1 = split_query(&path.1).0.to_vec();
            for (i, pair) in query.iter().enumerate() {
                path.1.push(if i == 0 { b'?' } else { b'&' });
                path.1.extend(pair);
            }
        }
        self.lines
    }

    fn apply_to_headers(&mut self, operation: &str, entry: &str, removed_names: &[String]) {
        let (name, argument) = entry.split_once(':').unwrap_or((entry, ""));
        let is_request = self.is_request;
        let is = |line: &Line, name: &str| {
            let loosely = is_request && removed_names.contains(&folded(name));
            line.0.eq_ignore_ascii_case(name) || loosely && folded(&line.0) == folded(name)
        };
        let present = self.lines.iter().any(|line| is(line, name));
        match operation {
            "remove" => match name.strip_suffix('*') {
                Some(stem) => self.lines.retain(|line| match is_request {
                    true => !folded(&line.0).starts_with(&folded(stem)),
                    false => !line.0.to_ascii_lowercase().starts_with(&stem.to_ascii_lowercase()),
                }),
                None => self.lines.retain(|line| !is(line, name)),
            },
            "rename" => {
                let moved: Vec<Line> = self
                    .lines
                    .extract_if(.., |line| is(line, name))
                    .filter(|l| is_valid(&l.1))
                    .collect();
                if !moved.is_empty() {
                    self.lines.retain(|line| !is(line, argument));
                    self.lines
                        .extend(moved.into_iter().map(|(_, v)| (argument.to_owned(), trimmed(v))));
                }
            }
            "replace" if !present => {}
            "add" if present => {}
            _ => {
                let Some(value) = self.value(argument.trim(), false) else { return };
                if operation == "replace" {
                    self.lines.retain(|line| !is(line, name));
                }
                self.lines.push((name.to_owned(), value));
            }
        }
    }

    fn apply_to_params(&mut self, operation: &str, entry: &str) {
        let (name, argument) = entry.split_once(':').unwrap_or((entry, ""));
        let value = self.value(argument.trim(), true);
        let Some(query) = &mut self.query else { return };
        let first = query.iter().position(|pair| name_of(pair) == name.as_bytes());
        match (operation, first) {
            ("remove", _) => query.retain(|pair| match name.strip_suffix('*') {
                Some(stem) => !name_of(pair).starts_with(stem.as_bytes()),
                None => name_of(pair) != name.as_bytes(),
            }),
            ("rename", Some(_)) => {
                query.retain(|pair| name_of(pair) != argument.as_bytes());
                for pair in query.iter_mut().filter(|pair| name_of(pair) == name.as_bytes()) {
                    let rest: Vec<u8> = pair.iter().skip_while(|b| **b != b'=').copied().collect();
                    *pair = [argument.as_bytes(), &rest].concat();
                }
            }
            ("replace", Some(first)) => {
                let Some(value) = value else { return };
                query[first] = [name.as_bytes(), b"=", &value].concat();
                let mut index = 0;
                query.retain(|pair| {
                    index += 1;
                    index <= first + 1 || name_of(pair) != name.as_bytes()
                });
            }
            ("add", None) | ("append", _) => {
                let Some(value) = value else { return };
                query.push([name.as_bytes(), b"=", &value].concat());
            }
            _ => {}
        }
    }

    /// Renders one of `VALUES`.
    fn value(&self, text: &str, encoded: bool) -> Option<Vec<u8>> {
        let header = |name: &str| {
            let line = self.before.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
            line.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let target = header(":path").unwrap_or_default();
        let query = |name: &str| {
            let pairs = split_query(&target).1?.split(|b| *b == b'&');
            let pair = pairs.into_iter().find(|pair| name_of(pair) == name.as_bytes())?;
            let value = pair.iter().skip_while(|b| **b != b'=').skip(1).copied();
            let value = value.map(|b| if b == b'+' { b' ' } else { b });
            Some(decoded(&value.collect::<Vec<_>>())).filter(|value| !value.is_empty())
        };
        let plain_segment = match split_query(&target).0 {
            b"/p/q" => Some(b"p".to_vec()),
            path => novasphere_core::UnambiguousPath::new(path)
                .and_then(|path| path.as_str().split('/').nth(1).map(|s| s.as_bytes().to_vec()))
                .filter(|segment| !segment.is_empty()),
        };
        let or = |value: Option<Vec<u8>>, default: &str| match value {
            Some(value) => (value, true),
            None => (default.as_bytes().to_vec(), false),
        };
        let literal = |text: &str| (text.as_bytes().to_vec(), false);
        let pieces = match text {
            "$$(host)" => vec![literal("$(host)")],
            "$(headers.x-a)" => vec![(header("x-a")?, true)],
            "<$(headers.a | d)>" => vec![literal("<"), or(header("a"), "d"), literal(">")],
            "$(query.b)$(headers.b | )" => vec![(query("b")?, true), or(header("b"), "")],
            "$(path.1 | /)" => vec![or(plain_segment, "/")],
            "$(query_params.x-a | e e)" => vec![or(query("x-a"), "e e")],
            fixed => vec![literal(fixed)],
        };
        let are_valid = pieces.iter().all(|(piece, is_resolved)| {
            let printable = piece.iter().all(|b| matches!(b, b'\t' | b' '..=b'~' | 0x80..));
            !is_resolved || printable && (encoded || piece.is_ascii())
        });
        let value: Vec<u8> = match encoded {
            true => pieces.iter().flat_map(|(piece, _)| percent_encoded(piece)).collect(),
            false => trimmed(pieces.into_iter().flat_map(|(piece, _)| piece).collect()),
        };
        (are_valid && !value.is_empty() && value.len() <= 4096).then_some(value)
    }
}

fn trimmed(value: Vec<u8>) -> Vec<u8> {
    let blank = |b: &&u8| matches!(b, b' ' | b'\t');
    let start = value.iter().take_while(blank).count();
    let end = value.iter().rev().take_while(blank).count();
    value.get(start..value.len().saturating_sub(end)).unwrap_or_default().to_vec()
}

fn folded(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

fn is_valid(value: &[u8]) -> bool {
    value.iter().all(|b| *b == b'\t' || *b >= b' ' && *b != 0x7f)
}

fn split_query(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    match target.iter().position(|b| *b == b'?') {
        Some(index) => (&target[..index], Some(&target[index + 1..])),
        None => (target, None),
    }
}

fn name_of(pair: &[u8]) -> Vec<u8> {
    decoded(pair.split(|b| *b == b'=').next().unwrap())
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let (mut bytes, mut index) = (Vec::new(), 0);
    while index < text.len() {
        let digits = text.get(index + 1..index + 3).filter(|_| text[index] == b'%');
        let digits = digits.and_then(|d| str::from_utf8(d).ok());
        let digits = digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|d| u8::from_str_radix(d, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                index += 3;
            }
            None => {
                bytes.push(text[index]);
                index += 1;
            }
        }
    }
    bytes
}

fn percent_encoded(text: &[u8]) -> Vec<u8> {
    let encode = |b: &u8| match b {
        b if b.is_ascii_alphanumeric() || b"-._~".contains(b) => vec![*b],
        b => format!("%{b:02X}").into_bytes(),
    };
    text.iter().flat_map(encode).collect()
}
