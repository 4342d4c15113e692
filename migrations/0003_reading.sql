-- What public pages read, however many years lie behind them.

-- Open incidents, latest first; it does all that the index before it did.
create index incidents_open_latest on incidents (organization_id, started_at, id) where resolved_at is null;
drop index incidents_open;

-- Incidents that were over since a moment.
create index incidents_resolved on incidents (organization_id, resolved_at);

-- Maintenance that goes on or comes, earliest first.
create index maintenances_open on maintenances (organization_id, starts_at, id) where status in ('scheduled', 'in_progress', 'verifying');

-- What services were since a moment, read from the index alone.
create index status_history_reaching on status_history (organization_id, ended_at, service_id, status, started_at);
drop index status_history_ended;

-- When a service was first observed.
create index status_claims_first on status_claims (service_id, started_at) where incident_id is null and maintenance_id is null;
