//! API tokens of an organization.

use crate::domain::{
    error::AppError,
    ids::TokenId,
    token::{ApiToken, NewToken, TokenInput},
};
use leptos::{prelude::*, server_fn::codec::Json};

#[cfg(feature = "ssr")]
use crate::{
    domain::role::allowed,
    server::{
        access::{run, scope},
        tokens,
    },
};

/// The organization's tokens, newest first.
#[server(prefix = "/rpc", endpoint = "list_tokens")]
pub async fn list_tokens(organization: String) -> Result<Vec<ApiToken>, AppError> {
    run(tokens::list(scope::<allowed::EditOrganization>(&organization).await?)).await
}

/// Those of the organization's tokens that the person made, newest first.
#[server(prefix = "/rpc", endpoint = "list_created_tokens")]
pub async fn list_created_tokens(organization: String) -> Result<Vec<ApiToken>, AppError> {
    run(tokens::list_created(scope::<allowed::Read>(&organization).await?)).await
}

/// Makes a token; the answer is the only place where it ever appears.
#[server(prefix = "/rpc", endpoint = "create_token", input = Json)]
pub async fn create_token(organization: String, input: TokenInput) -> Result<NewToken, AppError> {
    run(tokens::create(scope::<allowed::EditOrganization>(&organization).await?, input)).await
}

/// Ends a token at once.
#[server(prefix = "/rpc", endpoint = "revoke_token", input = Json)]
pub async fn revoke_token(organization: String, id: TokenId) -> Result<(), AppError> {
    run(tokens::revoke(scope::<allowed::EditOrganization>(&organization).await?, id)).await
}
