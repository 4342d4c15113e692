-- Whether the link of an invitation left by mail: only then whoever opens it reads the mail of the
-- address. Null when the link was shown to somebody.
alter table invitations add column link_mailed_at bigint;

-- When the provider's verified claim for the address of the account was seen. Without it the identity
-- ends when somebody proves the address in another way.
alter table oidc_identities add column verified_at bigint;

-- Until when a password that the operator gave opens the account.
alter table users add column password_expires_at bigint;

-- What email_verified_at said of an address that an earlier version took for verified without proof.
alter table users add column withdrawn_verification_at bigint;

-- The mail of an invitation is queued at the moment at which its seven days begin.
update invitations set link_mailed_at = expires_at - 604800000000
where revoked_at is null and exists (
    select 1 from messages m
    where m.organization_id = invitations.organization_id
      and lower(m.recipient) = lower(invitations.email)
      and m.created_at = invitations.expires_at - 604800000000);

-- Identities were linked to verified addresses only, and only by a verified claim.
update oidc_identities set verified_at = created_at
where exists (
    select 1 from users u
    where u.id = oidc_identities.user_id and u.email_verified_at <= oidc_identities.created_at);

-- Earlier versions took an address for verified when the account was made by the link of an invitation,
-- also when that link was shown to whoever had invited. Where nothing is left that says that the link
-- was mailed, the address has to be verified again.
update users set withdrawn_verification_at = email_verified_at, email_verified_at = null
where email_verified_at = created_at
  and not exists (
    select 1 from oidc_identities o where o.user_id = users.id and o.created_at = users.created_at)
  and not exists (
    select 1 from invitations i
    where i.email_key = users.email_key
      and i.link_mailed_at <= users.created_at
      and i.accepted_at >= users.created_at
      and i.accepted_at - users.created_at < 60000000);
