//! Invitations in the database.

use super::InvitationOffer;
use crate::{
    domain::{
        account::Email,
        error::Result,
        ids::{InvitationId, OrganizationId, TeamId, UserId},
        member::Invitation,
        role::{Role, TeamRole},
        time::Time,
    },
    server::db::{Read, Write, error::refused},
};

pub(super) async fn open(read: &mut Read, organization: &OrganizationId) -> Result<Vec<Invitation>> {
    type Row = (InvitationId, String, Role, Option<TeamId>, Option<TeamRole>, String, Time);
    let rows: Vec<Row> = sqlx::query_as(
        "select id, email, role, team_id, team_role, invited_by, expires_at from invitations
         where organization_id = $1 and accepted_at is null and revoked_at is null order by created_at desc, id",
    )
    .bind(organization.clone())
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows
        .into_iter()
        .map(|(id, email, role, team, team_role, invited_by, expires_at)| Invitation {
            id,
            email,
            role,
            team: team.zip(team_role),
            invited_by,
            expires_at,
        })
        .collect())
}

/// An invitation that has run out does not stand in the way of a new one.
pub(super) async fn expire_old(write: &mut Write, email_key: &str) -> Result<()> {
    sqlx::query(
        "update invitations set revoked_at = $1
         where organization_id = $2 and email_key = $3 and accepted_at is null and revoked_at is null and expires_at <= $1",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(email_key.to_owned())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// The link of an invitation.
pub(super) struct Link<'a> {
    pub token_hash: &'a str,
    /// Whether it leaves by mail and is shown to nobody.
    pub mailed: bool,
    /// For how long the invitation can be accepted.
    pub seconds: i64,
    /// The person behind it.
    pub sender: Option<&'a UserId>,
}

pub(super) async fn insert(
    write: &mut Write,
    id: &InvitationId,
    email: &Email,
    role: Role,
    team: Option<&(TeamId, TeamRole)>,
    link: Link<'_>,
) -> Result<()> {
    let by = write.actor.name.clone();
    sqlx::query(
        "insert into invitations (id, organization_id, email, email_key, role, team_id, team_role, token_hash, invited_by, created_at, expires_at,
                                  link_mailed_at, invited_by_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(id.clone())
    .bind(write.organization.clone())
    .bind(email.shown.clone())
    .bind(email.key.clone())
    .bind(role)
    .bind(team.map(|(team, _)| team.clone()))
    .bind(team.map(|(_, role)| *role))
    .bind(link.token_hash.to_owned())
    .bind(by)
    .bind(write.at)
    .bind(write.at.plus_seconds(link.seconds))
    .bind(link.mailed.then_some(write.at))
    .bind(link.sender.cloned())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(())
}

/// Gives an invitation a new link in place of the old one. Whoever does that is its sender from now on.
pub(super) async fn renew(write: &mut Write, id: &InvitationId, link: Link<'_>) -> Result<Option<(String, Role)>> {
    sqlx::query_as(
        "update invitations set token_hash = $1, expires_at = $2, link_mailed_at = $5, invited_by_id = $6
         where organization_id = $3 and id = $4 and accepted_at is null and revoked_at is null returning email, role",
    )
    .bind(link.token_hash.to_owned())
    .bind(write.at.plus_seconds(link.seconds))
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(link.mailed.then_some(write.at))
    .bind(link.sender.cloned())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)
}

pub(super) async fn revoke(write: &mut Write, id: &InvitationId) -> Result<Option<(String, Role)>> {
    sqlx::query_as(
        "update invitations set revoked_at = $1
         where organization_id = $2 and id = $3 and accepted_at is null and revoked_at is null returning email, role",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .fetch_optional(write.connection())
    .await
    .map_err(refused)
}

pub(super) async fn count_open(write: &mut Write) -> Result<i64> {
    let (count,): (i64,) = sqlx::query_as(
        "select count(*) from invitations where organization_id = $1 and accepted_at is null and revoked_at is null",
    )
    .bind(write.organization.clone())
    .fetch_one(write.connection())
    .await
    .map_err(refused)?;
    Ok(count)
}

/// Ids and addresses of those to this person's address, and that nobody can accept any more from now on.
pub(super) async fn revoke_sent_to(write: &mut Write, user: &UserId) -> Result<Vec<(InvitationId, String)>> {
    sqlx::query_as(
        "update invitations set revoked_at = $1
         where organization_id = $2 and email_key = (select email_key from users where id = $3)
           and accepted_at is null and revoked_at is null
         returning id, email",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(user.clone())
    .fetch_all(write.connection())
    .await
    .map_err(refused)
}

/// Ids and addresses of those that this person sent, but for those to roles that are kept, and that nobody can accept
/// any more from now on.
pub(super) async fn revoke_sent_by(
    write: &mut Write,
    user: &UserId,
    kept: &[Role],
) -> Result<Vec<(InvitationId, String)>> {
    let kept: Vec<&str> = kept.iter().map(|role| role.as_str()).collect();
    sqlx::query_as(
        "update invitations set revoked_at = $1
         where organization_id = $2 and invited_by_id = $3 and accepted_at is null and revoked_at is null
           and $4 not like '%,' || role || ',%'
         returning id, email",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(user.clone())
    .bind(format!(",{},", kept.join(",")))
    .fetch_all(write.connection())
    .await
    .map_err(refused)
}

type OfferRow = (
    InvitationId,
    OrganizationId,
    String,
    String,
    String,
    Role,
    Option<TeamId>,
    Option<TeamRole>,
    String,
    Time,
    String,
    Option<Time>,
);

fn offer(row: OfferRow) -> InvitationOffer {
    let (id, organization, slug, name, email, role, team, team_role, invited_by, expires_at, token_hash, mailed) = row;
    let team = team.zip(team_role);
    let link_mailed = mailed.is_some();
    InvitationOffer { id, organization, slug, name, email, role, team, invited_by, expires_at, token_hash, link_mailed }
}

pub(super) async fn by_token(read: &mut Read, token_hash: &str) -> Result<Option<InvitationOffer>> {
    let row: Option<OfferRow> = sqlx::query_as(
        "select i.id, o.id, o.slug, o.name, i.email, i.role, i.team_id, i.team_role, i.invited_by, i.expires_at, i.token_hash,
                i.link_mailed_at
         from invitations i join organizations o on o.id = i.organization_id
         where i.token_hash = $1 and i.accepted_at is null and i.revoked_at is null and o.suspended_at is null",
    )
    .bind(token_hash.to_owned())
    .fetch_optional(read.connection())
    .await
    .map_err(refused)?;
    Ok(row.map(offer))
}

/// Those to the address that this person has verified, newest first, but for organizations that
/// they are in.
pub(super) async fn to_person(read: &mut Read, user: &UserId, now: Time) -> Result<Vec<InvitationOffer>> {
    let rows: Vec<OfferRow> = sqlx::query_as(
        "select i.id, o.id, o.slug, o.name, i.email, i.role, i.team_id, i.team_role, i.invited_by, i.expires_at, i.token_hash,
                i.link_mailed_at
         from users u join invitations i on i.email_key = u.email_key join organizations o on o.id = i.organization_id
         where u.id = $1 and u.email_verified_at is not null
           and i.accepted_at is null and i.revoked_at is null and i.expires_at > $2 and o.suspended_at is null
           and not exists (select 1 from members m where m.organization_id = o.id and m.user_id = u.id)
         order by i.created_at desc, i.id",
    )
    .bind(user.clone())
    .bind(now)
    .fetch_all(read.connection())
    .await
    .map_err(refused)?;
    Ok(rows.into_iter().map(offer).collect())
}

/// Marks it as accepted; `false` when it cannot be any more.
pub(super) async fn claim(write: &mut Write, id: &InvitationId, token_hash: &str) -> Result<bool> {
    let done = sqlx::query(
        "update invitations set accepted_at = $1
         where organization_id = $2 and id = $3 and token_hash = $4
           and accepted_at is null and revoked_at is null and expires_at > $1",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(token_hash.to_owned())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// The same for whoever has verified the address that it was sent to.
pub(super) async fn claim_by_address(write: &mut Write, id: &InvitationId, user: &UserId) -> Result<bool> {
    let done = sqlx::query(
        "update invitations set accepted_at = $1
         where organization_id = $2 and id = $3
           and accepted_at is null and revoked_at is null and expires_at > $1
           and email_key = (select u.email_key from users u where u.id = $4 and u.email_verified_at is not null)
           and exists (select 1 from organizations o where o.id = $2 and o.suspended_at is null)",
    )
    .bind(write.at)
    .bind(write.organization.clone())
    .bind(id.clone())
    .bind(user.clone())
    .execute(write.connection())
    .await
    .map_err(refused)?;
    Ok(done.rows_affected() == 1)
}

/// Whether this person's address is proven.
pub(super) async fn is_verified(write: &mut Write, user: &UserId) -> Result<bool> {
    let found: Option<(i64,)> = sqlx::query_as("select 1 from users where id = $1 and email_verified_at is not null")
        .bind(user.clone())
        .fetch_optional(write.connection())
        .await
        .map_err(refused)?;
    Ok(found.is_some())
}
