//! A group of origins and what they may do.

use std::{borrow::Cow, cell::OnceCell};

use novasphere_core::RequestHead;

use crate::{origin::Origin, origin_rule::OriginRule, preflight::Preflight};

/// What holds for some origins.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) origins: Origins,
    pub(crate) credentials: bool,
    /// `Access-Control-Expose-Headers`; empty for none but the safelisted ones.
    pub(crate) exposed_headers: String,
    pub(crate) preflight: Preflight,
}

/// Which origins may read responses.
#[derive(Clone, Debug)]
pub(crate) enum Origins {
    /// All, told so by a constant `*`.
    Any,
    /// Those one of the rules allows, each told by its own name.
    Named(Vec<OriginRule>),
}

/// Who says to have sent a request.
#[derive(Clone, Debug)]
pub(crate) enum Sender<'h> {
    /// There is no `Origin`.
    Nobody,
    /// The one line `Origin`.
    Line(OriginLine<'h>),
    /// Several lines.
    Garbled,
}

/// What a request's `Origin` says.
#[derive(Clone, Debug)]
pub(crate) struct OriginLine<'h> {
    pub(crate) bytes: &'h [u8],
    /// Read when it is first asked for: most are written as the configuration has them.
    origin: OnceCell<Option<Origin<'h>>>,
}

impl<'h> OriginLine<'h> {
    /// What it says if it is an origin: `null` is none.
    pub(crate) fn origin(&self) -> Option<&Origin<'h>> {
        let read = || Origin::parse(str::from_utf8(self.bytes).ok()?).ok();
        self.origin.get_or_init(read).as_ref()
    }
}

/// `Access-Control-Allow-Origin` in the answer to an allowed request.
pub(crate) type AllowOrigin = Cow<'static, [u8]>;

impl<'h> Sender<'h> {
    pub(crate) fn of(head: &'h RequestHead<'_>) -> Self {
        let mut lines = head.headers.get_all("origin");
        match (lines.next(), lines.next()) {
            (None, _) => Self::Nobody,
            (Some(bytes), None) => Self::Line(OriginLine { bytes, origin: OnceCell::new() }),
            _ => Self::Garbled,
        }
    }
}

impl Origins {
    pub(crate) fn is_any(&self) -> bool {
        matches!(self, Self::Any)
    }

    /// What an allowed sender is told; `None` for one that is not among these.
    pub(crate) fn allow(&self, sender: &Sender<'_>) -> Option<AllowOrigin> {
        match (self, sender) {
            (_, Sender::Nobody) => None,
            (Self::Any, _) => Some(Cow::Borrowed(b"*")),
            // As it was sent, since the browser compares it with what it sent, byte for byte.
            (Self::Named(rules), Sender::Line(line)) => {
                let is_allowed = rules.iter().any(|rule| rule.is_written(line.bytes))
                    || rules.iter().any(|rule| rule.allows(line));
                is_allowed.then(|| Cow::Owned(line.bytes.to_vec()))
            }
            (Self::Named(_), Sender::Garbled) => None,
        }
    }

    /// Whether `other` can allow nothing that these do not.
    pub(crate) fn covers(&self, other: &OriginRule) -> bool {
        match self {
            Self::Any => true,
            Self::Named(rules) => rules.iter().any(|rule| rule.covers(other)),
        }
    }
}
