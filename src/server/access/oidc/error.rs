//! Why somebody could not sign in through a provider, in words for that person.

/// Why somebody is not signed in, in words for that person. The details are in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It does not answer, or only with a failure of its own.
    #[error("The sign-in provider can’t be reached right now. Nothing was changed. Try again in a minute.")]
    Unreachable,
    /// It answers, but cannot be used as it is set up.
    #[error(
        "Sign-in with this provider isn’t set up correctly. Contact the server’s administrator; the server log has the details."
    )]
    Misconfigured,
    /// The person said no at the provider.
    #[error("Sign-in was cancelled at the provider. Nothing was changed. You can try again.")]
    Cancelled,
    /// The provider gave another reason than a cancellation.
    #[error(
        "The sign-in provider didn’t sign you in ({0}). Try again. If it keeps happening, contact the server’s administrator."
    )]
    Refused(String),
    /// Too long at the provider, or the settings have changed meanwhile.
    #[error("This sign-in took too long and has expired. Try again.")]
    Expired,
    /// The answer belongs to no sign-in of this browser.
    #[error("This sign-in wasn’t started in this browser in the last ten minutes. Start again from here.")]
    StateMismatch,
    /// The answer comes from another provider, or does not say from which.
    #[error("This response didn’t come from this server’s sign-in provider. Start again from here.")]
    IssuerMismatch,
    /// The answer says neither yes nor no.
    #[error("The sign-in provider’s response is incomplete. Try again.")]
    Incomplete,
    /// The provider does not take the code, or does not accept this server.
    #[error(
        "The sign-in provider didn’t confirm this sign-in. Try again. If it keeps happening, contact the server’s administrator."
    )]
    TokenRefused,
    /// The answer of the token endpoint cannot be understood.
    #[error(
        "This server couldn’t read the sign-in provider’s response. Contact the server’s administrator; the server log has the details."
    )]
    TokenUnreadable,
    /// There is no ID token in the answer.
    #[error(
        "The sign-in provider didn’t say who you are. Contact the server’s administrator; the provider must be set up for OpenID Connect."
    )]
    NoIdToken,
    /// What the provider says cannot be trusted.
    #[error(
        "The sign-in provider’s ID token was rejected: {0}. Try again. If it keeps happening, contact the server’s administrator."
    )]
    IdTokenRefused(IdTokenFault),
    /// The person was not asked to sign in again, or the provider does not say so.
    #[error(
        "The sign-in provider didn’t confirm that you just signed in again, so we couldn’t confirm it’s you. Try again. If it keeps happening, contact the server’s administrator; the provider must support max_age and auth_time."
    )]
    NotReauthenticated,
    /// The details about the person could not be had.
    #[error(
        "The sign-in provider didn’t share your email address. Try again. If it keeps happening, contact the server’s administrator."
    )]
    UserInfoRefused,
    /// The details are about somebody else.
    #[error(
        "The sign-in provider sent another person’s details, so you were not signed in. Contact the server’s administrator."
    )]
    SubjectMismatch,
}

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// Another issuer.
    #[error("it comes from a different issuer")]
    Issuer,
    /// Not for this server, or not only.
    #[error("it is meant for a different application")]
    Audience,
    /// Another nonce, or none.
    #[error("it belongs to a different sign-in")]
    Nonce,
    /// Past its time.
    #[error("it has expired")]
    Expired,
    /// Not signed, or by an algorithm that is not accepted.
    #[error("it is not signed with an accepted algorithm")]
    Algorithm,
    /// Signed by a key that the provider does not publish.
    #[error("it is signed with an unknown key")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is invalid")]
    Signature,
    /// It came with an access token of somebody else.
    #[error("it doesn’t match the access token")]
    AccessToken,
    /// It names nobody.
    #[error("it has no valid subject")]
    Subject,
    /// Anything else.
    #[error("its format is not supported")]
    Form,
}

impl IdTokenFault {
    /// Whether the provider's newer keys may tell otherwise.
    pub(super) const fn may_be_a_new_key(self) -> bool {
        matches!(self, Self::UnknownKey | Self::Signature)
    }
}
