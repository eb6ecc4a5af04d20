//! Headers that identify the caller to the upstream. The filter owns them: it removes the client's
//! own lines from every request.

use std::borrow::Cow;

use novasphere_core::{HeaderMutation, HeaderName, Json, RequestHead, Spellings};

use crate::{
    identity::{
        consumer::Consumer,
        owned_header::{InvalidIdentityHeader, OwnedHeader},
        unusable_claim,
    },
    rejection::Rejection,
    token::{
        claim_path::ClaimPath,
        header_text::{self, ClaimForm, InvalidHeaderText},
    },
};

/// Kong's headers, in the order of [`IdentityHeaders::of_consumer`].
const CONSUMER_HEADERS: [HeaderName; 5] = [
    HeaderName::from_static("x-consumer-id"),
    HeaderName::from_static("x-consumer-custom-id"),
    HeaderName::from_static("x-consumer-username"),
    HeaderName::from_static("x-credential-identifier"),
    // Marks an unauthenticated request, so a client must not send it.
    HeaderName::from_static("x-anonymous-consumer"),
];

/// All headers that this filter owns.
#[derive(Debug)]
pub(crate) struct IdentityHeaders {
    /// [`CONSUMER_HEADERS`], then the headers of `claims`.
    owned: Vec<OwnedHeader>,
    /// All spellings of the owned headers. Most requests have none.
    spellings: Spellings,
    claims: Vec<ClaimSource>,
    /// Maximum size of the value of a claim in bytes.
    max_claim_bytes: usize,
    /// The consumer of requests without a good token.
    anonymous: Option<Consumer>,
    /// Whether the upstream gets `X-Credential-Identifier`. Off by default, because the first header
    /// that a filter sets in a request costs Envoy 6,000 instructions.
    sends_credential: bool,
}

/// A claim that sets a header.
#[derive(Debug)]
pub(crate) struct ClaimSource {
    pub(crate) path: ClaimPath,
    pub(crate) form: ClaimForm,
    /// Whether the client's own header stays if the token lacks the claim.
    pub(crate) keep_inbound: bool,
}

/// The action for one owned header of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderAction<'f> {
    /// Replace the header by this value.
    Set(Cow<'f, [u8]>),
    /// Remove the header.
    Remove,
    /// Keep the client's own header.
    Keep,
}

impl HeaderAction<'_> {
    pub(crate) fn into_owned(self) -> HeaderAction<'static> {
        match self {
            Self::Set(value) => HeaderAction::Set(Cow::Owned(value.into_owned())),
            Self::Remove => HeaderAction::Remove,
            Self::Keep => HeaderAction::Keep,
        }
    }

    /// The size of the value in bytes.
    pub(crate) fn bytes(&self) -> usize {
        if let Self::Set(value) = self { value.len() } else { 0 }
    }
}

impl IdentityHeaders {
    /// The consumer headers. `anonymous` is the consumer of requests without a good token. The
    /// value of a claim may have `max_claim_bytes` bytes.
    pub(crate) fn new(anonymous: Option<Consumer>, max_claim_bytes: usize) -> Self {
        let mut headers = Self {
            owned: Vec::new(),
            spellings: Spellings::default(),
            claims: Vec::new(),
            max_claim_bytes,
            anonymous,
            sends_credential: false,
        };
        CONSUMER_HEADERS.into_iter().for_each(|name| headers.own(OwnedHeader::new(name)));
        headers
    }

    /// Sends `X-Credential-Identifier` to the upstream.
    pub(crate) fn send_credential(&mut self) {
        self.sends_credential = true;
    }

    /// Adds the header `name` that a claim sets.
    pub(crate) fn add_claim(
        &mut self,
        claim: ClaimSource,
        name: HeaderName,
    ) -> Result<(), InvalidIdentityHeader> {
        let header = OwnedHeader::for_claim(name)?;
        let text = header.name.as_str().as_bytes();
        if self.owns(text) {
            return Err(InvalidIdentityHeader::Duplicate);
        }
        self.claims.push(claim);
        self.own(header);
        Ok(())
    }

    fn own(&mut self, header: OwnedHeader) {
        self.spellings.insert(&header.name);
        self.owned.push(header);
    }

    /// Whether this is one of these headers, in any spelling.
    pub(crate) fn owns(&self, name: &[u8]) -> bool {
        self.owned.iter().any(|own| own.name.matches_loosely(name))
    }

    /// Whether `Connection` names one of these headers. Proxies forward `Connection` on upgrades,
    /// and the next hop would then drop the header.
    pub(crate) fn are_named_by_connection(&self, head: &RequestHead<'_>) -> bool {
        let names_one =
            |line: &[u8]| line.split(|b| *b == b',').any(|name| self.owns(name.trim_ascii()));
        head.headers.get_all("connection").any(names_one)
    }

    /// The actions for a request without a verified identity.
    pub(crate) fn of_unidentified(&self) -> Vec<HeaderAction<'_>> {
        let claims = self.claims.iter().map(ClaimSource::action_without_claim);
        CONSUMER_HEADERS.iter().map(|_| HeaderAction::Remove).chain(claims).collect()
    }

    /// The actions for a request that passes as the anonymous consumer. `None` if there is none.
    pub(crate) fn of_anonymous(&self) -> Option<Vec<HeaderAction<'_>>> {
        let is_anonymous = HeaderAction::Set(Cow::Borrowed(b"true"));
        let consumer = self.consumer_actions(self.anonymous.as_ref()?, is_anonymous);
        let claims = self.claims.iter().map(ClaimSource::action_without_claim);
        Some(consumer.into_iter().chain(claims).collect())
    }

    /// The actions for a request of `consumer` with these verified claims.
    pub(crate) fn of_consumer<'f>(
        &'f self,
        consumer: &'f Consumer,
        claims: &Json,
    ) -> Result<Vec<HeaderAction<'f>>, Rejection> {
        let mut actions = Vec::with_capacity(self.owned.len());
        actions.extend(self.consumer_actions(consumer, HeaderAction::Remove));
        for (i, source) in self.claims.iter().enumerate() {
            let action = source.action(claims, self.max_claim_bytes).map_err(|invalid| {
                let entry = format!("claims_to_headers[{i}]");
                unusable_claim::rejection(&entry, &source.path, invalid)
            });
            actions.push(action?);
        }
        Ok(actions)
    }

    /// Adds the mutations that carry out `actions`. Every mutation costs a host call, so only lines
    /// of `head` are removed.
    pub(crate) fn add_mutations<'f>(
        &'f self,
        head: &RequestHead<'_>,
        actions: &[HeaderAction<'f>],
        mutations: &mut Vec<HeaderMutation<'f>>,
    ) {
        if head.headers.may_contain_any(&self.spellings) {
            self.remove_lines(head, actions, mutations);
        }
        for (header, action) in self.owned.iter().zip(actions) {
            if let HeaderAction::Set(value) = action {
                mutations.push(HeaderMutation::Set(&header.name, value.clone()));
            }
        }
    }

    /// Adds the mutations that remove the client's own lines.
    fn remove_lines<'f>(
        &'f self,
        head: &RequestHead<'_>,
        actions: &[HeaderAction<'f>],
        mutations: &mut Vec<HeaderMutation<'f>>,
    ) {
        let start = mutations.len();
        for (header, action) in self.owned.iter().zip(actions) {
            if *action == HeaderAction::Keep {
                continue;
            }
            for (line, _) in head.headers.lines_spelled(header.name.as_str()) {
                // Setting a header replaces only lines with its own spelling.
                let replaced = matches!(action, HeaderAction::Set(_)) && header.name.matches(line);
                if !replaced
                    && let Some(removal) = header.removal(line)
                    && !mutations.iter().skip(start).any(|mutation| *mutation == removal)
                {
                    mutations.push(removal);
                }
            }
        }
    }

    /// The actions in the order of [`CONSUMER_HEADERS`].
    fn consumer_actions<'f>(
        &self,
        consumer: &'f Consumer,
        anonymous: HeaderAction<'f>,
    ) -> [HeaderAction<'f>; 5] {
        let Consumer { id, custom_id, username, identifier } = consumer;
        let action = |value: Option<&'f Vec<u8>>| {
            value.map_or(HeaderAction::Remove, |value| HeaderAction::Set(Cow::Borrowed(value)))
        };
        let identifier = identifier.as_ref().filter(|_| self.sends_credential);
        let [id, custom_id, username] = [id, custom_id, username].map(Option::as_ref);
        [action(id), action(custom_id), action(username), action(identifier), anonymous]
    }
}

impl ClaimSource {
    fn action_without_claim<'f>(&self) -> HeaderAction<'f> {
        if self.keep_inbound { HeaderAction::Keep } else { HeaderAction::Remove }
    }

    /// An empty text gives no header, because some hosts remove a header that is set to an empty
    /// value.
    fn action<'f>(
        &self,
        claims: &Json,
        max_bytes: usize,
    ) -> Result<HeaderAction<'f>, InvalidHeaderText> {
        let Some(claim) = self.path.find(claims) else { return Ok(self.action_without_claim()) };
        let value = header_text::from_claim(claim, self.form, max_bytes)?;
        Ok(match value.is_empty() {
            true => HeaderAction::Remove,
            false => HeaderAction::Set(Cow::Owned(value)),
        })
    }
}
