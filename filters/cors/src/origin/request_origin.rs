//! The `Origin` header of a request (Fetch standard, "Origin header").

use std::{cell::OnceCell, fmt};

use novasphere_core::RequestHead;

use super::serialized::Origin;

/// The `Origin` lines of a request.
#[derive(Clone, Debug)]
pub(crate) enum RequestOrigin<'h> {
    Absent,
    Single(OriginValue<'h>),
    /// Several lines, which browsers never send.
    Multiple,
}

/// The value of an `Origin` line.
#[derive(Clone, Debug)]
pub(crate) struct OriginValue<'h> {
    pub(crate) bytes: &'h [u8],
    /// Parsed on first use: most values equal an entry of the configuration byte for byte.
    origin: OnceCell<Option<Origin<'h>>>,
}

impl fmt::Display for RequestOrigin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("missing"),
            Self::Single(value) => f.write_str(&String::from_utf8_lossy(value.bytes)),
            Self::Multiple => f.write_str("on several lines"),
        }
    }
}

impl<'h> RequestOrigin<'h> {
    pub(crate) fn of(head: &'h RequestHead<'_>) -> Self {
        let mut lines = head.headers.get_all("origin");
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(bytes), None) => Self::Single(OriginValue { bytes, origin: OnceCell::new() }),
            _ => Self::Multiple,
        }
    }
}

impl<'h> OriginValue<'h> {
    /// The value as an origin. `None` if it is malformed or `null`.
    pub(crate) fn origin(&self) -> Option<&Origin<'h>> {
        let parse = || Origin::parse(str::from_utf8(self.bytes).ok()?).ok();
        self.origin.get_or_init(parse).as_ref()
    }
}
