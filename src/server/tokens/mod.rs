//! API tokens: the verbs. Who carries one is told by `server/access/token.rs`.

mod store;

use super::{
    access::{Scope, SignedIn, reauthentication::Reauthenticated, secret},
    clock,
    db::{AuditEntry, Write, random_id},
};
use crate::domain::{
    error::{AppError, Result},
    ids::{TokenId, UserId},
    live::Topic,
    role::{Role, allowed},
    token::{ApiToken, CheckedToken, NewToken, PREFIX, TokenInput},
};

/// Most tokens of an organization, and of a person.
const MAX_TOKENS: i64 = 100;

fn no_token() -> AppError {
    AppError::NotFound("token".to_owned())
}

fn too_many() -> AppError {
    AppError::Conflict(format!("There are already {MAX_TOKENS} tokens. Revoke an unused one first."))
}

/// A token that nobody can guess: the token, the hash to keep, and its last characters.
fn fresh() -> (String, String, String) {
    let token = format!("{PREFIX}{}", secret::Secret::fresh().token);
    let ending = token.chars().skip(token.len() - 4).collect();
    (secret::hash(&token), ending, token)
}

/// The organization's tokens, newest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list(scope: Scope<allowed::EditOrganization>) -> Result<Vec<ApiToken>> {
    store::of_organization(&mut scope.read().await?, scope.id()).await
}

/// Makes a token of the organization.
///
/// # Errors
/// [`AppError::ReauthenticationRequired`] in a session that is to be confirmed first; [`AppError::Invalid`] with
/// everything that is wrong; [`AppError::Conflict`] when there are too many.
pub async fn create(scope: Scope<allowed::EditOrganization>, input: TokenInput) -> Result<NewToken> {
    scope.require_recent_authentication()?;
    let checked = input.check(scope.role())?;
    let lives_until = checked.lives.map(|seconds| clock::now().plus_seconds(seconds));
    if let Some(mine) = scope.ends_at()
        && lives_until.is_none_or(|until| until > mine)
    {
        let words = format!("Your own token expires on {}. A new token can’t expire later than that.", mine.in_words());
        return Err(AppError::field("days", words));
    }
    let (hash, ending, token) = fresh();
    let id = TokenId::from_random(random_id());
    let mut write = scope.write().await?;
    if store::count_of_organization(&mut write).await? >= MAX_TOKENS {
        return Err(too_many());
    }
    store::insert_of_organization(&mut write, &id, &checked, &hash, &ending, scope.accountable_user()).await?;
    let CheckedToken { name, role, .. } = checked;
    write.audit(AuditEntry::new("token.created", &id, &name).values(None, Some(role.as_str().to_owned())));
    write.commit(&[Topic::Organization]).await?;
    Ok(NewToken { id, name, token })
}

/// Ends a token of the organization at once.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn revoke(scope: Scope<allowed::EditOrganization>, id: TokenId) -> Result<()> {
    let mut write = scope.write().await?;
    let (name, role) = store::delete_of_organization(&mut write, &id).await?.ok_or_else(no_token)?;
    write.audit(AuditEntry::new("token.revoked", &id, name).values(Some(role.as_str().to_owned()), None));
    write.commit(&[Topic::Organization]).await
}

/// Tokens of the organization that the person made, newest first; a program has made none.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list_created(scope: Scope<allowed::Read>) -> Result<Vec<ApiToken>> {
    match scope.person() {
        Some(person) => store::made_by(scope.read().await?.connection(), scope.id(), &person.user().id).await,
        None => Ok(Vec::new()),
    }
}

/// Ends, within a write, the tokens of the organization that this person made and therefore may know, but for
/// those to keep; whether any ended.
///
/// # Errors
/// [`AppError::Invalid`] on `keep_tokens` when one of those is none that the person made.
pub async fn end_created_by(write: &mut Write, user: &UserId, keep: &[TokenId]) -> Result<bool> {
    let organization = write.organization.clone();
    let made = store::made_by(write.connection(), &organization, user).await?;
    if let Some(unknown) = keep.iter().find(|id| made.iter().all(|token| token.id != **id)) {
        let words =
            format!("{unknown} isn’t a token created by this member, or it has been revoked. Reload and try again.");
        return Err(AppError::field("keep_tokens", words));
    }
    let mut ended = false;
    for ApiToken { id, name, role, .. } in made.into_iter().filter(|token| !keep.contains(&token.id)) {
        ended |= store::delete_of_organization(write, &id).await?.is_some();
        write.audit(AuditEntry::new("token.revoked", &id, name).values(Some(role.as_str().to_owned()), None));
    }
    Ok(ended)
}

/// The person's own tokens, newest first.
///
/// # Errors
/// [`AppError::Unavailable`] when the database does not answer.
pub async fn list_own(by: &SignedIn) -> Result<Vec<ApiToken>> {
    store::of_person(&mut by.app().db.read(by).await?, &by.user().id).await
}

/// Whether the person may have tokens: where mail is sent, only once the address is verified, because whoever owns
/// it may take the account over until then.
pub fn may_have_own(by: &SignedIn) -> bool {
    by.user().verified || !by.app().sends_mail()
}

/// Makes a token that may do what the person may, or less.
///
/// # Errors
/// [`AppError::Invalid`] with everything that is wrong; [`AppError::Conflict`] when there are too many, or the
/// address is to be verified first.
pub async fn create_own(by: Reauthenticated, input: TokenInput) -> Result<NewToken> {
    let by = by.person();
    if !may_have_own(by) {
        return Err(AppError::Conflict("Verify your email address first. Then you can create API tokens.".to_owned()));
    }
    let checked = input.check(Role::Owner)?;
    let (hash, ending, token) = fresh();
    let mut write = by.write_account().await?;
    if store::count_of_person(&mut write, &by.user().id).await? >= MAX_TOKENS {
        return Err(too_many());
    }
    let id = TokenId::from_random(random_id());
    store::insert_of_person(&mut write, &id, by.user(), &checked, &hash, &ending, clock::now()).await?;
    write.commit().await?;
    Ok(NewToken { id, name: checked.name, token })
}

/// Ends a token of the person's own at once.
///
/// # Errors
/// [`AppError::NotFound`] when there is none.
pub async fn revoke_own(by: SignedIn, id: TokenId) -> Result<()> {
    let mut write = by.write_account().await?;
    if !store::delete_of_person(&mut write, &by.user().id, &id).await? {
        return Err(no_token());
    }
    write.commit().await
}
