//! Why somebody could not sign in through a provider, in words for that person.

/// Why somebody is not signed in, in words for that person. The details are in the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// It does not answer, or only with a failure of its own.
    #[error("The sign-in provider cannot be reached right now. Nothing was changed; try again in a minute.")]
    Unreachable,
    /// It answers, but cannot be used as it is set up.
    #[error(
        "The sign-in provider and this server are not set up for each other. \
         Tell the operator: the server's log says what is wrong."
    )]
    Misconfigured,
    /// The person said no at the provider.
    #[error("The sign-in was cancelled at the sign-in provider. Nothing was changed; you can start again.")]
    Cancelled,
    /// The provider gave another reason than a cancellation.
    #[error("The sign-in provider did not sign you in ({0}). Start again; if it stays, tell the operator.")]
    Refused(String),
    /// Too long at the provider, or the settings have changed meanwhile.
    #[error("This sign-in took too long and has expired. Start again.")]
    Expired,
    /// The answer belongs to no sign-in of this browser.
    #[error(
        "This answer does not belong to a sign-in that was started in this browser in the last ten minutes. \
         Start again from here."
    )]
    StateMismatch,
    /// The answer comes from another provider, or does not say from which.
    #[error("This answer does not come from the sign-in provider of this server. Start again from here.")]
    IssuerMismatch,
    /// The answer says neither yes nor no.
    #[error("The answer of the sign-in provider is incomplete. Start again.")]
    Incomplete,
    /// The provider does not take the code, or does not accept this server.
    #[error("The sign-in provider did not confirm this sign-in. Start again; if it stays, tell the operator.")]
    TokenRefused,
    /// The answer of the token endpoint cannot be understood.
    #[error(
        "The sign-in provider confirmed this sign-in in a form that this server does not understand. \
         Tell the operator: the server's log says more."
    )]
    TokenUnreadable,
    /// There is no ID token in the answer.
    #[error(
        "The sign-in provider did not say who you are. \
         Tell the operator: the provider must be set up for OpenID Connect."
    )]
    NoIdToken,
    /// What the provider says cannot be trusted.
    #[error("What the sign-in provider said about you was refused: {0}. Start again; if it stays, tell the operator.")]
    IdTokenRefused(IdTokenFault),
    /// The person was not asked to sign in again, or the provider does not say so.
    #[error(
        "The sign-in provider did not say that you have just signed in again, so nothing is confirmed. \
         Try again; if it stays, tell the operator: the provider has to support max_age and auth_time."
    )]
    NotReauthenticated,
    /// The details about the person could not be had.
    #[error("The sign-in provider did not give your e-mail address. Start again; if it stays, tell the operator.")]
    UserInfoRefused,
    /// The details are about somebody else.
    #[error("The sign-in provider sent the details of another person, so you were not signed in. Tell the operator.")]
    SubjectMismatch,
}

/// What is wrong with an ID token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenFault {
    /// Another issuer.
    #[error("it comes from another issuer")]
    Issuer,
    /// Not for this server, or not only.
    #[error("it is meant for another application")]
    Audience,
    /// Another nonce, or none.
    #[error("it belongs to another sign-in")]
    Nonce,
    /// Past its time.
    #[error("it has expired")]
    Expired,
    /// Not signed, or by an algorithm that is not accepted.
    #[error("it is not signed in an accepted way")]
    Algorithm,
    /// Signed by a key that the provider does not publish.
    #[error("its signature is by an unknown key")]
    UnknownKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
    /// It came with an access token of somebody else.
    #[error("it does not belong to the access token beside it")]
    AccessToken,
    /// It names nobody.
    #[error("it names nobody")]
    Subject,
    /// Anything else.
    #[error("its form is not supported")]
    Form,
}

impl IdTokenFault {
    /// Whether the provider's newer keys may tell otherwise.
    pub(super) const fn may_be_a_new_key(self) -> bool {
        matches!(self, Self::UnknownKey | Self::Signature)
    }
}
