//! Replaces `${name}` in a case by a token.

use std::collections::BTreeMap;

use anyhow::{Context, Result};

use crate::{
    Exchange, Expectation, Lines, Received, Sent, TokenSpec, Upstream, UpstreamExpectation,
};

/// The tokens of a case by name.
#[derive(Debug)]
pub struct Expansion {
    tokens: BTreeMap<String, String>,
}

impl Expansion {
    /// Signs the tokens.
    ///
    /// # Errors
    /// If a token cannot be signed.
    pub fn new(
        specs: &BTreeMap<String, TokenSpec>,
        sign: &dyn Fn(&TokenSpec) -> Result<String>,
    ) -> Result<Self> {
        let sign = |(name, spec): (&String, &TokenSpec)| {
            let token = sign(spec).with_context(|| format!("token {name}"))?;
            Ok((name.clone(), token))
        };
        Ok(Self { tokens: specs.iter().map(sign).collect::<Result<_>>()? })
    }

    /// The exchange with its tokens.
    ///
    /// # Errors
    /// If a token is not defined.
    pub fn exchange(&self, exchange: &Exchange) -> Result<Exchange> {
        let Exchange { request, upstream, expect } = exchange;
        Ok(Exchange {
            request: Sent {
                method: request.method.clone(),
                path: self.text(&request.path)?,
                headers: self.lines(&request.headers)?,
                ..*request
            },
            upstream: Upstream { status: upstream.status, headers: self.lines(&upstream.headers)? },
            expect: Expectation {
                status: expect.status,
                headers: self.lines(&expect.headers)?,
                absent: expect.absent.clone(),
                closed: expect.closed.clone(),
                body: expect.body.as_deref().map(|body| self.text(body)).transpose()?,
                upstream: expect.upstream.as_ref().map(|u| self.received(u)).transpose()?,
                decision: expect.decision.clone(),
            },
        })
    }

    fn received(&self, expectation: &UpstreamExpectation) -> Result<UpstreamExpectation> {
        let UpstreamExpectation::Called(received) = expectation else {
            return Ok(UpstreamExpectation::NotCalled);
        };
        Ok(UpstreamExpectation::Called(Received {
            method: received.method.clone(),
            path: received.path.as_deref().map(|path| self.text(path)).transpose()?,
            headers: self.lines(&received.headers)?,
            absent: received.absent.clone(),
        }))
    }

    fn lines(&self, lines: &Lines) -> Result<Lines> {
        let lines = lines.0.iter().map(|(name, value)| Ok((name.clone(), self.text(value)?)));
        lines.collect::<Result<_>>().map(Lines)
    }

    fn text(&self, text: &str) -> Result<String> {
        let mut parts = text.split("${");
        let mut expanded = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) =
                part.split_once('}').with_context(|| format!("no }} in {text:?}"))?;
            let token = self.tokens.get(name);
            expanded.push_str(token.with_context(|| format!("undefined token {name:?}"))?);
            expanded.push_str(rest);
        }
        Ok(expanded)
    }
}
