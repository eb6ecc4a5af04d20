//! Upstreams that interpret paths differently.

use proptest::prelude::*;

/// An upstream that reads a path in its own way. Each property is as extreme as in any real one.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathReader {
    /// The number of percent-decodings, at least 1.
    decodes: usize,
    backslashes: bool,
    cuts_parameters: bool,
    merges_slashes: bool,
    /// Segments of white space count as empty.
    trims_segments: bool,
    resolves_dots: bool,
    cuts_at_fragment: bool,
}

pub(super) fn reader() -> impl Strategy<Value = PathReader> {
    (1..4_usize, any::<[bool; 6]>()).prop_map(|(decodes, [a, b, c, d, e, f])| PathReader {
        decodes,
        backslashes: a,
        cuts_parameters: b,
        merges_slashes: c,
        trims_segments: d,
        resolves_dots: e,
        cuts_at_fragment: f,
    })
}

impl PathReader {
    pub(super) fn read(self, path: &[u8]) -> String {
        let mut path = path.to_vec();
        for _ in 0..self.decodes {
            path = percent_encoding::percent_decode(&path).collect();
        }
        let mut path = String::from_utf8_lossy(&path).into_owned();
        if self.cuts_at_fragment {
            path = path.split(['#', '?', '\0']).next().unwrap().to_owned();
        }
        if self.backslashes {
            path = path.replace('\\', "/");
        }
        let mut segments: Vec<&str> = path.split('/').skip(1).collect();
        if self.cuts_parameters {
            segments = segments.iter().map(|s| s.split(';').next().unwrap()).collect();
        }
        let count = segments.len();
        let mut read: Vec<&str> = Vec::new();
        for (i, segment) in segments.into_iter().enumerate() {
            let is_blank = segment.trim().is_empty();
            let segment = if self.trims_segments && is_blank { "" } else { segment };
            match segment.trim() {
                "" if self.merges_slashes && segment.is_empty() && i + 1 < count => {}
                "." if self.resolves_dots => {}
                ".." if self.resolves_dots => {
                    read.pop();
                }
                _ => read.push(segment),
            }
        }
        format!("/{}", read.join("/"))
    }
}

/// Text that upstreams read differently, mixed with ordinary text.
pub(super) fn special_text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let special = "/ // . .. ; \\ # ? % ~ * admin public %2e %2E%2e %2f %5c %3b ;x %25 %252e %252f %00 %20 \
               %23 %3f %c3%bc %c0%ae %70";
    let piece = prop::sample::select(special.split_ascii_whitespace().collect::<Vec<_>>());
    prop::collection::vec(prop_oneof![piece, Just("/"), Just("a")], pieces)
        .prop_map(|pieces| pieces.concat())
}
