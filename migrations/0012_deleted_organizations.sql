-- Organizations that were deleted: how other processes on the same database learn of it, and the version
-- from which an import of the same id goes on.
create table deleted_organizations (
    id text primary key,
    -- Of the deletion, which is the organization's last change.
    version bigint not null,
    deleted_at bigint not null
);
create index deleted_organizations_at on deleted_organizations (deleted_at);

-- Whose keys of requests these are, a person's or an organization's whatever token came with them, and how long the
-- kept answer is in bytes: both are limited.
alter table idempotency_keys add column principal text not null default '';
alter table idempotency_keys add column body_bytes bigint not null default 0;
create index idempotency_keys_principal on idempotency_keys (principal, claimed_at, body_bytes);
