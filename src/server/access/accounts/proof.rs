//! What counts as proof that an e-mail address is somebody's, and what ends when it is proven.

use super::{
    super::store as sessions,
    Account, InternalProof, profile,
    recovery::{self, Confirmation},
    store,
};
use crate::{
    domain::{
        account::{Email, email},
        error::Result,
        ids::UserId,
        time::Time,
    },
    server::{
        access::{SignedIn, oidc::OidcIdentity, session},
        clock,
        db::AccountWrite,
    },
};

/// Proof that an address belongs to whoever acts now. Only with one an address becomes verified. A link
/// that was shown to anybody proves nothing, wherever it was sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressProof(Email);

impl AddressProof {
    /// The person opened a link that left by mail to this address and was shown nowhere else.
    pub const fn mailed_link(to: Email) -> Self {
        Self(to)
    }

    /// The OpenID provider says that it has verified the person's address.
    pub fn verified_claim(identity: &OidcIdentity) -> Option<Self> {
        let address = identity.email.as_deref().filter(|_| identity.email_verified)?;
        email(address).ok().map(Self)
    }

    /// Whether it is this very address that is proven.
    pub fn is_for(&self, address: &Email) -> bool {
        self.0.key == address.key
    }

    /// The proven address in lower case.
    pub(super) fn key(&self) -> &str {
        &self.0.key
    }
}

/// Ends what opens the account: sessions but the one of this hash, personal API tokens, identities without
/// a verified claim, and links in mail.
pub(super) async fn end_access(write: &mut AccountWrite, user: &UserId, but_session: &str) -> Result<()> {
    sessions::end_sessions_but(write, user, but_session).await?;
    store::delete_personal_api_tokens(write, user).await?;
    store::delete_unverified_identities(write, user).await?;
    store::delete_all_tokens(write, user).await
}

/// What follows when the address of an account is proven: if nobody had proven it before, whoever signed
/// up with it may be somebody else, and everything that opened the account until now ends. What stays is
/// what the person has just used: the session of this hash, and the password, or where there is none the
/// identity that the session came from.
pub(super) async fn end_unproven_access(
    write: &mut AccountWrite,
    before: &Account,
    session: &str,
    at: Time,
) -> Result<()> {
    if before.verified_at.is_some() {
        return Ok(());
    }
    if before.password_hash.is_none() {
        store::verify_identities(write, &before.id, at).await?;
    }
    end_access(write, &before.id, session).await
}

/// The hash of the session that the person asks with; empty without one.
pub(super) fn session_hash(by: &SignedIn) -> String {
    by.session.map(session::id_hash).unwrap_or_default()
}

/// Verifies the address of the signed-in person, if the proof is for it and the session is enough to show
/// that the account is theirs.
///
/// # Errors
/// [`AppError::Unavailable`](crate::domain::error::AppError::Unavailable) when the database does not answer.
pub async fn prove_own_address(by: &SignedIn, proof: &AddressProof) -> Result<()> {
    let app = by.app();
    let account = profile::account(by).await?;
    if account.verified_at.is_some() || !proof.is_for(&account.email) {
        return Ok(());
    }
    let mut read = app.db.read(&InternalProof).await?;
    if recovery::confirmation(&mut read, &account, Some(by)).await? != Confirmation::Session {
        return Ok(());
    }
    drop(read);
    let at = clock::now();
    let mut write = by.write_account().await?;
    store::verify(&mut write, &account.id, proof, at).await?;
    end_unproven_access(&mut write, &account, &session_hash(by), at).await?;
    write.commit().await?;
    app.hub.revalidate_sessions(&account.id);
    tracing::info!(user = %account.id, "email address verified by an emailed invitation");
    Ok(())
}
