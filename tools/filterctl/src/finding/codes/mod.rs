//! The codes of findings. One file for each range:
//!
//! - `filters`: NS001 to NS099, the filters' messages about their configurations;
//! - `chain`: NS101 to NS199, filters that do not fit together, or do not fit their routes;
//! - `envoy`: NS201 to NS299, settings of Envoy;
//! - `kong`: NS301 to NS399, settings of Kong and its Ingress Controller;
//! - `traefik`: NS401 to NS499, settings of Traefik;
//! - `kubernetes`: NS501 to NS599, settings of Istio, Envoy Gateway and the Gateway API.

mod chain;
mod envoy;
mod filters;
mod kong;
mod kubernetes;
mod traefik;

pub use self::{chain::*, envoy::*, filters::*, kong::*, kubernetes::*, traefik::*};
use super::Code;

/// Defines codes, and a list of them.
macro_rules! codes {
    ($list:ident; $($(#[$doc:meta])* $name:ident = $id:literal $severity:ident, $title:literal {
        why: $why:expr,
        remedy: $remedy:expr,
    })*) => {
        $($(#[$doc])*
        pub static $name: $crate::finding::Code = $crate::finding::Code {
            id: $id,
            severity: $crate::finding::Severity::$severity,
            title: $title,
            why: $why,
            remedy: $remedy,
        };)*

        /// The codes of this file.
        pub(super) static $list: &[&$crate::finding::Code] = &[$(&$name),*];
    };
}
use codes;

/// All codes.
pub(super) fn all() -> impl Iterator<Item = &'static Code> {
    [FILTERS, CHAIN, ENVOY, KONG, TRAEFIK, KUBERNETES].into_iter().flatten().copied()
}
