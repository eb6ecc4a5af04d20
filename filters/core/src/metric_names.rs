//! [`metric_names!`](crate::metric_names!): closed sets of metric label values.

/// Declares an enum whose variants have a name in metrics. Hosts never free a metric, so the set of
/// names must be closed.
///
/// ```
/// novasphere_core::metric_names! {
///     /// Why a request passed or not.
///     pub enum Reason {
///         /// The token is valid.
///         Allowed => "allowed",
///         /// The request has no token.
///         NoToken => "no_token",
///     }
/// }
/// assert_eq!(Reason::NoToken.name(), "no_token");
/// assert_eq!(Reason::NAMES, ["allowed", "no_token"]);
/// ```
#[macro_export]
macro_rules! metric_names {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_attribute:meta])* $variant:ident => $text:literal),* $(,)?
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visibility enum $name {
            $($(#[$variant_attribute])* $variant),*
        }

        impl $name {
            /// The names of all variants, in order.
            $visibility const NAMES: &'static [&'static str] = &[$($text),*];

            /// The name in metrics.
            $visibility const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text),*
                }
            }
        }
    };
}
