//! The issuers, audiences and claims of identity providers.

use anyhow::{Result, bail};

use super::jwt_auth::Server;

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

/// The start of the issuer of Entra's tokens of version 1, before the tenant.
const ENTRA_V1: &str = "https://sts.windows.net/";
/// Google's issuer without a scheme.
const GOOGLE: &str = "accounts.google.com";
/// Hosts on this machine, whose keys may come without TLS.
const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

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

    /// The issuer exactly as the provider writes it: a token's `iss` must be equal to the last
    /// character.
    ///
    /// # Errors
    /// If the provider has no such issuer for an API, or another one for this audience.
    pub(super) fn normalized(self, issuer: &str, audience: &str) -> Result<String> {
        // Older ID tokens of Google name the issuer without a scheme.
        if self == Self::Secret || self == Self::Google && issuer == GOOGLE {
            return Ok(issuer.to_owned());
        }
        let is_accepted = |server: Server| match server.tls {
            true => server.host.contains('.'),
            // Keycloak's development mode has no TLS.
            false => self == Self::Keycloak && LOCAL.contains(&server.host.as_str()),
        };
        if !Server::of(issuer).is_some_and(is_accepted) || issuer.contains(['?', '#', ' ']) {
            let example = self.issuer(self.audience());
            bail!(
                "--issuer: expected a URL such as {example}, got {issuer:?}; http:// is \
                 accepted only for keycloak at localhost or 127.0.0.1, with --host envoy or traefik"
            );
        }
        let trimmed = issuer.trim_end_matches('/');
        self.ensure_usable(trimmed, audience)?;
        let has_slash = self == Self::Auth0 || trimmed.starts_with(ENTRA_V1);
        Ok(if has_slash { format!("{trimmed}/") } else { trimmed.to_owned() })
    }

    fn ensure_usable(self, issuer: &str, audience: &str) -> Result<()> {
        let is_shared = |tenant: &str| ["common", "organizations", "consumers"].contains(&tenant);
        match self {
            Self::Entra if issuer.split('/').any(is_shared) => bail!(
                "--issuer: expected the issuer of a tenant, because tokens contain the tenant's id: \
                 https://login.microsoftonline.com/TENANT/v2.0, got {issuer:?}"
            ),
            Self::Entra if !issuer.ends_with("/v2.0") && !issuer.starts_with(ENTRA_V1) => bail!(
                "--issuer: expected https://login.microsoftonline.com/TENANT/v2.0 for tokens of \
                 version 2, or https://sts.windows.net/TENANT/ for version 1, got {issuer:?}"
            ),
            Self::Okta if !issuer.contains("/oauth2/") => bail!(
                "--issuer: expected a custom authorization server, such as {issuer}/oauth2/default; \
                 tokens of the org authorization server are for Okta's own API only"
            ),
            Self::Google if issuer != self.issuer(audience) => {
                bail!("--issuer: expected {} or {GOOGLE}, got {issuer:?}", self.issuer(audience))
            }
            Self::Firebase if issuer != self.issuer(audience) => bail!(
                "--issuer: expected {}, which ends with the project of --audience, got {issuer:?}",
                self.issuer(audience)
            ),
            _ => Ok(()),
        }
    }

    /// The URL of the key set. `None` for a secret.
    pub(super) fn keys(self, issuer: &str) -> Option<String> {
        Some(match self {
            Self::Keycloak => format!("{issuer}/protocol/openid-connect/certs"),
            Self::Auth0 => format!("{issuer}.well-known/jwks.json"),
            Self::Entra => match issuer.strip_prefix(ENTRA_V1) {
                Some(tenant) => format!(
                    "https://login.microsoftonline.com/{}/discovery/keys",
                    tenant.trim_end_matches('/')
                ),
                None => {
                    let tenant = issuer.strip_suffix("/v2.0").unwrap_or(issuer);
                    format!("{tenant}/discovery/v2.0/keys")
                }
            },
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
                "Keycloak adds your API to aud only if a client scope has a mapper for it, \"Audience\".",
                "Without one, aud is \"account\" or missing. Before version 17, the path of the issuer",
                "starts with /auth. Lightweight access tokens lack some of these claims.",
            ],
            Self::Auth0 => &[
                "The audience is the identifier of your API in Auth0. Clients must request it, or they",
                "get opaque tokens. The issuer ends with a slash. The claim permissions needs RBAC and",
                "\"Add Permissions in the Access Token\" in the settings of the API.",
            ],
            Self::Entra => &[
                "The issuer contains the id of your tenant. With tokens of version 2, aud is the id of",
                "the application of your API: set requestedAccessTokenVersion to 2 in its manifest.",
                "Version 1 has the issuer https://sts.windows.net/TENANT/, and aud can be api://ID.",
            ],
            Self::Cognito => &[
                "Access tokens of Cognito have no aud, unless the client requests one for a resource. The",
                "claim client_id names the client instead, and token_use excludes ID tokens.",
            ],
            Self::Okta => &[
                "The issuer is that of a custom authorization server, such as default. Tokens of the",
                "org authorization server are for Okta's own API only, and cannot be verified. sub is",
                "the login of the user. Tokens of a client have its id there, and no uid.",
            ],
            Self::Google => &[
                "For ID tokens of Sign in with Google. Its access tokens are not JWTs. Any",
                "Google account passes: to accept your own organization only, require the claim hd.",
                "Some clients get tokens with the iss accounts.google.com, without https://: for them,",
                "add a second entry with this issuer.",
            ],
            Self::Firebase => &[
                "The issuer and aud contain the id of your project. These are ID tokens: session cookies",
                "have another issuer and other keys.",
            ],
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
