-- What imported files say of an incident or a maintenance beyond what the tables hold: when it was
-- written, and what each of its updates said of components. Clients of the compatible API go on
-- reading it; nothing else does.
create table imported_facts (
    organization_id text not null references organizations (id) on delete cascade,
    -- Its id in the file.
    source_id text not null,
    -- As JSON.
    facts text not null,
    -- When it was as the file says.
    kept_at bigint not null,
    primary key (organization_id, source_id)
);
