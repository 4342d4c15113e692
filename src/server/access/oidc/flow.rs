//! What begins and ends a walk through the provider.

use crate::domain::time::Time;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What has to be remembered while somebody is at the provider.
///
/// It holds secrets: it belongs into an encrypted, `HttpOnly` cookie that lives for [`FLOW_SECONDS`](super::FLOW_SECONDS) and is
/// removed when it was used.
#[derive(Clone, Serialize, Deserialize)]
pub struct OidcFlow {
    pub(super) issuer: String,
    pub(in crate::server::access) state: String,
    pub(super) nonce: String,
    pub(super) pkce_verifier: String,
    /// Where the person was going, as it was given to [`Oidc::start`](super::Oidc::start).
    pub next: String,
    /// Whether somebody who is signed in already confirms the session ([`Oidc::start_reauthentication`](super::Oidc::start_reauthentication)).
    #[serde(default)]
    pub reauthenticates: bool,
    pub(in crate::server::access) started_at: Time,
}

impl fmt::Debug for OidcFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcFlow")
            .field("issuer", &self.issuer)
            .field("next", &self.next)
            .field("started_at", &self.started_at)
            .finish_non_exhaustive()
    }
}

/// What the provider adds to the callback address. Any of it may be missing or forged.
#[derive(Clone, Default, Deserialize)]
pub struct CallbackQuery {
    /// What the tokens are asked for with.
    pub code: Option<String>,
    /// The state that was sent.
    pub state: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
    /// The same in the provider's words; never shown, anybody can write an address.
    pub error_description: Option<String>,
}

/// Who signed in, according to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcIdentity {
    /// The provider.
    pub issuer: String,
    /// Who it is, unique and permanent at this provider.
    pub subject: String,
    /// The e-mail address that the provider knows, not yet in our normal form.
    pub email: Option<String>,
    /// Whether the provider says that it has verified this address. No word means no.
    pub email_verified: bool,
    /// What the person is called.
    pub name: Option<String>,
}

/// What came of a walk through the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcSignIn {
    /// Who signed in.
    pub identity: OidcIdentity,
    /// When they last proved to the provider who they are (`auth_time`), where it says so.
    pub authenticated_at: Option<Time>,
    /// Whether they did so for this very walk, which was started to confirm a session.
    pub reauthenticated: bool,
    /// When the walk to the provider began.
    pub started_at: Time,
}
