-- What is claimed of services, incidents and maintenance.

-- What one source says of a service for a while: its own status (no incident, no maintenance), an
-- incident, a maintenance. status_history is computed from these rows and from nothing else.
create table status_claims (
    id text primary key,
    organization_id text not null,
    service_id text not null,
    incident_id text,
    maintenance_id text,
    status text not null check (status in ('operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage')),
    started_at bigint not null,
    ended_at bigint,
    cause text not null check (cause in ('manual', 'incident', 'maintenance', 'monitor', 'api', 'alertmanager', 'import')),
    user_id text references users (id) on delete set null,
    user_name text,
    -- Who ended it, as they were called then.
    ended_user_id text references users (id) on delete set null,
    ended_user_name text,
    check (ended_at is null or ended_at >= started_at),
    check (incident_id is null or maintenance_id is null),
    foreign key (organization_id, service_id) references services (organization_id, id) on delete cascade
);
create unique index status_claims_own on status_claims (service_id) where incident_id is null and maintenance_id is null and ended_at is null;
create index status_claims_service on status_claims (service_id, ended_at);
create index status_claims_incident on status_claims (incident_id) where incident_id is not null;
create index status_claims_maintenance on status_claims (maintenance_id) where maintenance_id is not null;

-- Until now every interval of history was what the service said of itself.
insert into status_claims (id, organization_id, service_id, status, started_at, ended_at, cause, user_id, user_name)
select id, organization_id, service_id, status, started_at, ended_at, cause, user_id, user_name from status_history;

create index status_history_ended on status_history (organization_id, ended_at);

create table incidents (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    title text not null,
    -- Of the latest update.
    status text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved')),
    -- As it counts: as it was set, else derived from what was said of services.
    impact text not null check (impact in ('none', 'minor', 'major', 'critical')),
    impact_set text check (impact_set in ('none', 'minor', 'major', 'critical')),
    -- Of the first update, and of the one that resolved it.
    started_at bigint not null,
    resolved_at bigint,
    postmortem text not null default '',
    postmortem_format text not null default 'markdown' check (postmortem_format in ('markdown', 'html')),
    postmortem_at bigint,
    postmortem_published_at bigint,
    -- Title and messages in lower case, to search in.
    search text not null default '',
    -- Counts its changes: who edits says which one they saw.
    revision bigint not null default 1,
    source_id text,
    created_at bigint not null,
    updated_at bigint not null,
    unique (organization_id, id)
);
create index incidents_started on incidents (organization_id, started_at, id);
create index incidents_open on incidents (organization_id) where resolved_at is null;
create unique index incidents_source on incidents (organization_id, source_id);

create table incident_updates (
    id text primary key,
    organization_id text not null,
    incident_id text not null,
    status text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved')),
    -- Markdown, or HTML for what was imported.
    body text not null,
    format text not null default 'markdown' check (format in ('markdown', 'html')),
    -- Its own time.
    at bigint not null,
    user_id text references users (id) on delete set null,
    user_name text,
    source_id text,
    created_at bigint not null,
    edited_at bigint,
    unique (organization_id, id),
    foreign key (organization_id, incident_id) references incidents (organization_id, id) on delete cascade
);
create index incident_updates_incident on incident_updates (incident_id, at, id);

-- What an update says of services; no status: the service is no longer part of the incident.
create table incident_update_services (
    organization_id text not null,
    update_id text not null,
    service_id text not null,
    status text check (status in ('operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage')),
    primary key (update_id, service_id),
    foreign key (organization_id, update_id) references incident_updates (organization_id, id) on delete cascade,
    foreign key (organization_id, service_id) references services (organization_id, id) on delete cascade
);
create index incident_update_services_service on incident_update_services (service_id);

-- The services of an incident with what it said of them last; follows from the rows above.
create table incident_services (
    organization_id text not null,
    incident_id text not null,
    service_id text not null,
    status text not null check (status in ('operational', 'under_maintenance', 'degraded_performance', 'partial_outage', 'major_outage')),
    primary key (incident_id, service_id),
    foreign key (organization_id, incident_id) references incidents (organization_id, id) on delete cascade,
    foreign key (organization_id, service_id) references services (organization_id, id) on delete cascade
);
create index incident_services_service on incident_services (service_id);

-- Incidents that belong together; the smaller id stands first.
create table incident_links (
    organization_id text not null,
    incident_id text not null,
    other_id text not null,
    primary key (incident_id, other_id),
    check (incident_id < other_id),
    foreign key (organization_id, incident_id) references incidents (organization_id, id) on delete cascade,
    foreign key (organization_id, other_id) references incidents (organization_id, id) on delete cascade
);
create index incident_links_other on incident_links (other_id);

-- Texts to begin an incident or an update with; {{service}} and other variables are filled in.
create table incident_templates (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    name text not null,
    name_key text not null,
    title text not null default '',
    body text not null default '',
    status text not null check (status in ('investigating', 'identified', 'monitoring', 'resolved')),
    impact text check (impact in ('none', 'minor', 'major', 'critical')),
    created_at bigint not null,
    updated_at bigint not null,
    unique (organization_id, id)
);
create unique index incident_templates_name on incident_templates (organization_id, name_key);

-- Windows that come again and again; their rule is an RRULE of RFC 5545, in the organization's zone.
create table maintenance_series (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    rule text not null,
    time_zone text not null,
    -- When its first window begins.
    first_at bigint not null,
    -- Up to which moment its windows have been made.
    made_until bigint not null,
    ended_at bigint,
    created_at bigint not null,
    unique (organization_id, id)
);

create table maintenances (
    id text primary key,
    organization_id text not null references organizations (id) on delete cascade,
    title text not null,
    status text not null check (status in ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
    -- The window.
    starts_at bigint not null,
    ends_at bigint not null,
    -- When it really began and ended.
    started_at bigint,
    completed_at bigint,
    -- Whether it starts and completes by itself: 0 or 1.
    automatic bigint not null default 1,
    series_id text,
    -- Title and messages in lower case, to search in.
    search text not null default '',
    revision bigint not null default 1,
    source_id text,
    created_at bigint not null,
    updated_at bigint not null,
    check (ends_at > starts_at),
    unique (organization_id, id),
    foreign key (organization_id, series_id) references maintenance_series (organization_id, id)
);
create index maintenances_window on maintenances (organization_id, starts_at, id);
create index maintenances_due on maintenances (status, starts_at) where status in ('scheduled', 'in_progress', 'verifying');
create unique index maintenances_source on maintenances (organization_id, source_id);
create unique index maintenances_series on maintenances (series_id, starts_at);

create table maintenance_updates (
    id text primary key,
    organization_id text not null,
    maintenance_id text not null,
    status text not null check (status in ('scheduled', 'in_progress', 'verifying', 'completed', 'cancelled')),
    body text not null,
    format text not null default 'markdown' check (format in ('markdown', 'html')),
    at bigint not null,
    user_id text references users (id) on delete set null,
    user_name text,
    source_id text,
    created_at bigint not null,
    foreign key (organization_id, maintenance_id) references maintenances (organization_id, id) on delete cascade
);
create index maintenance_updates_maintenance on maintenance_updates (maintenance_id, at, id);

create table maintenance_services (
    organization_id text not null,
    maintenance_id text not null,
    service_id text not null,
    primary key (maintenance_id, service_id),
    foreign key (organization_id, maintenance_id) references maintenances (organization_id, id) on delete cascade,
    foreign key (organization_id, service_id) references services (organization_id, id) on delete cascade
);
create index maintenance_services_service on maintenance_services (service_id);
