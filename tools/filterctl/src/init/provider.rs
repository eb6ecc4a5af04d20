//! The issuers, audiences and claims of identity providers.

use anyhow::{Result, bail};

/// An identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Provider {
    /// Keycloak.
    Keycloak,
    /// Auth0.
    Auth0,
    /// Microsoft Entra ID (Azure AD).
    Entra,
    /// Amazon Cognito.
    Cognito,
    /// Okta.
    Okta,
    /// Google: ID tokens of Sign in with Google.
    Google,
    /// Firebase Authentication and Identity Platform.
    Firebase,
    /// Your own issuer with an HMAC secret.
    Secret,
}

/// The variable with the HMAC secret.
pub(super) const SECRET: &str = "NOVASPHERE_JWT_SECRET";
/// The variable with the issuer's public key, for hosts that cannot fetch keys.
pub(super) const PUBLIC_KEY: &str = "NOVASPHERE_JWT_PUBLIC_KEY";

impl Provider {
    /// The audience of an example.
    pub(super) const fn audience(self) -> &'static str {
        match self {
            Self::Keycloak | Self::Secret => "api",
            Self::Auth0 => "https://api.example.com",
            // The id of an application.
            Self::Entra => "11111111-1111-1111-1111-111111111111",
            Self::Cognito => "1example23456789",
            Self::Okta => "api://default",
            Self::Google => "123456789012-example.apps.googleusercontent.com",
            Self::Firebase => "example-project",
        }
    }

    /// The issuer of an example.
    pub(super) fn issuer(self, audience: &str) -> String {
        match self {
            Self::Keycloak => "https://id.example.com/realms/example".to_owned(),
            Self::Auth0 => "https://example.eu.auth0.com/".to_owned(),
            Self::Entra => {
                "https://login.microsoftonline.com/22222222-2222-2222-2222-222222222222/v2.0"
                    .to_owned()
            }
            Self::Cognito => {
                "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example01".to_owned()
            }
            Self::Okta => "https://example.okta.com/oauth2/default".to_owned(),
            Self::Google => "https://accounts.google.com".to_owned(),
            // The audience is the id of the project, which the issuer contains.
            Self::Firebase => format!("https://securetoken.google.com/{audience}"),
            Self::Secret => "my-issuer".to_owned(),
        }
    }

    /// The issuer exactly as the provider writes it.
    ///
    /// # Errors
    /// If the provider has no such issuer.
    pub(super) fn normalized(self, issuer: &str) -> Result<String> {
        if self == Self::Secret {
            return Ok(issuer.to_owned());
        }
        let rest = issuer.strip_prefix("https://").unwrap_or_default();
        let has_host = rest.split('/').next().is_some_and(|host| host.contains('.'));
        if !has_host || issuer.contains(['?', '#', ' ']) {
            bail!(
                "--issuer: expected a URL such as {}, got {issuer:?}",
                self.issuer(self.audience())
            );
        }
        // A token's iss must be equal to the last character.
        let trimmed = issuer.trim_end_matches('/');
        if self == Self::Entra && !trimmed.ends_with("/v2.0") {
            bail!(
                "--issuer: expected the issuer of version 2 tokens, which ends with /v2.0, got \
                 {issuer:?}; set accessTokenAcceptedVersion of the application to 2"
            );
        }
        Ok(if self == Self::Auth0 { format!("{trimmed}/") } else { trimmed.to_owned() })
    }

    /// The URL of the key set. `None` for a secret.
    pub(super) fn keys(self, issuer: &str) -> Option<String> {
        Some(match self {
            Self::Keycloak => format!("{issuer}/protocol/openid-connect/certs"),
            Self::Auth0 => format!("{issuer}.well-known/jwks.json"),
            Self::Entra => {
                format!("{}/discovery/v2.0/keys", issuer.strip_suffix("/v2.0").unwrap_or(issuer))
            }
            Self::Cognito => format!("{issuer}/.well-known/jwks.json"),
            Self::Okta => format!("{issuer}/v1/keys"),
            Self::Google => "https://www.googleapis.com/oauth2/v3/certs".to_owned(),
            Self::Firebase => "https://www.googleapis.com/service_accounts/v1/jwk/\
                               securetoken@system.gserviceaccount.com"
                .to_owned(),
            Self::Secret => return None,
        })
    }

    /// Notes for operators about the provider, in lines.
    pub(super) const fn notes(self) -> &'static [&'static str] {
        match self {
            Self::Keycloak => &[
                "Keycloak adds your API to aud only if the client has a mapper for it: client scopes,",
                "a dedicated scope, mapper \"Audience\".",
            ],
            Self::Auth0 => &[
                "The audience is the identifier of your API in Auth0. The issuer ends with a slash.",
            ],
            Self::Entra => &[
                "The issuer contains the id of your tenant, and aud is the id of the application of your",
                "API. In its manifest, accessTokenAcceptedVersion must be 2: version 1 tokens have",
                "another issuer.",
            ],
            Self::Cognito => &[
                "Access tokens of Cognito have no aud. The claim client_id names the client instead, and",
                "token_use excludes ID tokens.",
            ],
            Self::Okta => &[
                "The issuer is that of a custom authorization server, such as default. Tokens of the",
                "server of the organization are for Okta's own API only.",
            ],
            Self::Google => &[
                "For ID tokens of Sign in with Google. Its access tokens are not JWTs. Any",
                "Google account passes: to accept your own organization only, require the claim hd.",
            ],
            Self::Firebase => &["The issuer and aud contain the id of your project."],
            Self::Secret => &["The secret has at least 32 bytes: filterctl key gen HS256"],
        }
    }

    /// The claims for the upstream, with their headers.
    pub(super) const fn claims(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Keycloak => &[
                ("sub", "X-User-Id"),
                ("preferred_username", "X-User-Name"),
                ("realm_access.roles", "X-User-Roles"),
            ],
            Self::Auth0 => &[("sub", "X-User-Id"), ("permissions", "X-User-Permissions")],
            Self::Entra => {
                &[("oid", "X-User-Id"), ("tid", "X-User-Tenant"), ("roles", "X-User-Roles")]
            }
            Self::Cognito => &[
                ("sub", "X-User-Id"),
                ("username", "X-User-Name"),
                ("cognito:groups", "X-User-Groups"),
            ],
            Self::Okta => &[("uid", "X-User-Id"), ("sub", "X-User-Name")],
            Self::Google | Self::Firebase => &[("sub", "X-User-Id"), ("email", "X-User-Email")],
            Self::Secret => &[("sub", "X-User-Id")],
        }
    }

    /// Claims that a token must have, in addition to `aud`: the name and an accepted value.
    pub(super) fn required(self, audience: &str) -> Vec<(&'static str, String)> {
        match self {
            Self::Cognito => {
                vec![("token_use", "access".to_owned()), ("client_id", audience.to_owned())]
            }
            _ => Vec::new(),
        }
    }

    /// Whether the tokens have an `aud`.
    pub(super) const fn has_audience(self) -> bool {
        !matches!(self, Self::Cognito)
    }
}
