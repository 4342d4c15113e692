-- The same statements run on SQLite and on PostgreSQL.
-- Ids are text of twelve characters, moments are microseconds since 1970 in UTC, closed lists are
-- text with a check, flags are moments or 0/1: Any knows no other types on both engines.

create table users (
    id text primary key,
    email text not null,
    email_key text not null,
    email_verified_at bigint,
    name text not null,
    password_hash text,
    last_organization_id text,
    created_at bigint not null,
    updated_at bigint not null,
    constraint users_email_key unique (email_key)
);

-- Who a person is at an OpenID provider: issuer and subject, never the mail address.
create table oidc_identities (
    issuer text not null,
    subject text not null,
    user_id text not null references users (id) on delete cascade,
    created_at bigint not null,
    primary key (issuer, subject)
);
create index oidc_identities_user on oidc_identities (user_id);

-- Only the hash of a session's id is kept: who reads the database cannot ride a session.
create table sessions (
    id_hash text primary key,
    user_id text not null references users (id) on delete cascade,
    data text not null,
    -- What the person reads in the list of sessions.
    browser text not null default '',
    address text not null default '',
    created_at bigint not null,
    seen_at bigint not null default 0,
    expires_at bigint not null
);
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

create table organizations (
    id text primary key,
    slug text not null,
    name text not null,
    name_key text not null,
    description text not null default '',
    time_zone text not null,
    support_url text not null default '',
    -- Renamed status labels, as JSON.
    labels text not null default '{}',
    -- When the operator suspended it: nobody but the operator sees it then.
    suspended_at bigint,
    -- When the directory began to list it.
    listed_at bigint,
    -- Counts every write; finished pages and live messages carry it.
    version bigint not null default 1,
    changed_at bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    constraint organizations_slug unique (slug)
);
create index organizations_changed on organizations (changed_at);

create table members (
    organization_id text not null references organizations (id) on delete cascade,
    user_id text not null references users (id) on delete cascade,
    role text not null check (role in ('viewer', 'status_reporter', 'service_manager', 'admin', 'owner')),
    created_at bigint not null,
    primary key (organization_id, user_id)
);
create index members_user on members (user_id);

-- Slugs that an organization had before: they lead to it, and nobody else can have them.
create table former_slugs (
    slug text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    freed_at bigint not null
);

create table teams (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    name text not null,
    name_key text not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (organization_id, id)
);
create unique index teams_name on teams (organization_id, name_key);

create table team_members (
    organization_id text not null,
    team_id text not null,
    user_id text not null,
    role text not null check (role in ('team_member', 'team_admin')),
    created_at bigint not null,
    primary key (team_id, user_id),
    foreign key (organization_id, team_id) references teams (organization_id, id) on delete cascade,
    foreign key (organization_id, user_id) references members (organization_id, user_id) on delete cascade
);
create index team_members_user on team_members (user_id, organization_id);

create table invitations (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    email text not null,
    email_key text not null,
    role text not null check (role in ('viewer', 'status_reporter', 'service_manager', 'admin', 'owner')),
    team_id text,
    team_role text check (team_role in ('team_member', 'team_admin')),
    -- Only the hash of the token is kept; it is made anew each time the invitation is sent.
    token_hash text not null,
    invited_by text not null,
    created_at bigint not null,
    expires_at bigint not null,
    accepted_at bigint,
    revoked_at bigint,
    foreign key (organization_id, team_id) references teams (organization_id, id)
);
create unique index invitations_token on invitations (token_hash);
create unique index invitations_open on invitations (organization_id, email_key) where accepted_at is null and revoked_at is null;

-- One-time tokens of a person: to verify an address, to reset a password.
create table account_tokens (
    token_hash text primary key,
    user_id text not null references users (id) on delete cascade,
    purpose text not null check (purpose in ('verify_email', 'reset_password')),
    email text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create index account_tokens_user on account_tokens (user_id, purpose);

-- Keys of programs: of an organization, or of a person. Only the hash is kept.
create table api_tokens (
    id text primary key,
    organization_id text references organizations (id) on delete cascade,
    user_id text references users (id) on delete cascade,
    name text not null,
    role text not null check (role in ('viewer', 'status_reporter', 'service_manager', 'admin', 'owner')),
    token_hash text not null,
    -- Its last characters, to tell it from others.
    ending text not null,
    created_by text not null,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint,
    check ((organization_id is null) <> (user_id is null))
);
create unique index api_tokens_hash on api_tokens (token_hash);
create index api_tokens_organization on api_tokens (organization_id);
create index api_tokens_user on api_tokens (user_id);

-- Mail on its way, written in the transaction of what it tells of.
create table messages (
    id text primary key,
    organization_id text references organizations (id) on delete cascade,
    recipient text not null,
    subject text not null,
    text_body text not null,
    html_body text not null,
    created_at bigint not null,
    next_attempt_at bigint,
    attempts bigint not null default 0,
    last_error text,
    sent_at bigint
);
create index messages_due on messages (next_attempt_at) where next_attempt_at is not null;

create table service_groups (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    name text not null,
    name_key text not null,
    description text not null default '',
    position bigint not null,
    -- Its id in the file it was imported from.
    source_id text,
    created_at bigint not null,
    updated_at bigint not null,
    unique (organization_id, id)
);
create unique index service_groups_name on service_groups (organization_id, name_key);
create unique index service_groups_source on service_groups (organization_id, source_id);

create table services (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    group_id text,
    team_id text,
    name text not null,
    -- Lower case; an imported namesake carries its source's id behind it.
    name_key text not null,
    description text not null default '',
    -- What it says of itself; what visitors see is the open row of status_history.
    own_status text not null check (own_status in ('operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage')),
    position bigint not null,
    source_id text,
    created_at bigint not null,
    updated_at bigint not null,
    -- Deleted services can be brought back; their history stays.
    deleted_at bigint,
    unique (organization_id, id),
    foreign key (organization_id, group_id) references service_groups (organization_id, id),
    foreign key (organization_id, team_id) references teams (organization_id, id)
);
create unique index services_name on services (organization_id, coalesce(group_id, ''), name_key) where deleted_at is null;
create unique index services_source on services (organization_id, source_id) where deleted_at is null;

-- One row for each interval of the effective status. Intervals of one service never overlap and
-- never leave a hole: a row ends at the moment at which the next begins.
create table status_history (
    id text primary key,
    organization_id text not null,
    service_id text not null,
    status text not null check (status in ('operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage')),
    started_at bigint not null,
    ended_at bigint,
    cause text not null check (cause in ('manual', 'incident', 'maintenance', 'monitor', 'api', 'alertmanager', 'import')),
    user_id text references users (id) on delete set null,
    -- The person's name at that time.
    user_name text,
    check (ended_at is null or ended_at >= started_at),
    foreign key (organization_id, service_id) references services (organization_id, id) on delete cascade
);
create unique index status_history_open on status_history (service_id) where ended_at is null;
create unique index status_history_start on status_history (service_id, started_at, id);
create index status_history_recent on status_history (organization_id, started_at);

-- Written in the transaction of the change it tells of; nothing updates or deletes it.
create table audit_entries (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    at bigint not null,
    user_id text,
    actor text not null,
    door text not null,
    address text,
    action text not null,
    subject_id text,
    subject text not null,
    before_value text,
    after_value text
);
create index audit_entries_at on audit_entries (organization_id, at);
