-- Organizations that were deleted: how other processes on the same database learn of it, and the version
-- from which an import of the same id goes on.
create table deleted_organizations (
    id text primary key,
    -- Of the deletion, which is the organization's last change.
    version bigint not null,
    deleted_at bigint not null
);
create index deleted_organizations_at on deleted_organizations (deleted_at);
