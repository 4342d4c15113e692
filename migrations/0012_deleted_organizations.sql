-- Deletions and imports of organizations, which no row of theirs tells the time of: how other processes on the same
-- database learn of them, and the version from which an import of a deleted one goes on.
create table organization_events (
    id text primary key,
    -- Of the deletion or the import.
    version bigint not null,
    at bigint not null
);
create index organization_events_at on organization_events (at);

-- Whose keys of requests these are, a person's or an organization's whatever token came with them, and how long the
-- kept answer is in bytes: both are limited.
alter table idempotency_keys add column principal text not null default '';
alter table idempotency_keys add column body_bytes bigint not null default 0;
create index idempotency_keys_principal on idempotency_keys (principal, claimed_at, body_bytes);
