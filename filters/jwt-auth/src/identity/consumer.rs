//! The consumer that the upstream sees.

/// A consumer in Kong's terms, as header values. Absent values are not sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Consumer {
    /// `X-Consumer-ID`.
    pub(crate) id: Option<Vec<u8>>,
    /// `X-Consumer-Custom-ID`.
    pub(crate) custom_id: Option<Vec<u8>>,
    /// `X-Consumer-Username`.
    pub(crate) username: Option<Vec<u8>>,
    /// `X-Credential-Identifier`.
    pub(crate) identifier: Option<Vec<u8>>,
}
