-- What services were since a moment, but for operational: of most services nothing.
create index status_history_exceptions on status_history (organization_id, ended_at, service_id, status, started_at) where status <> 'operational';
drop index status_history_reaching;
