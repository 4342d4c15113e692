-- What an organization has behind it when it is {months} months old: an hour of outage of every service each
-- month, two incidents and a maintenance in that hour. What they claim is milder than the outage, so the
-- history is what follows from all claims: the server would compute these very rows.

pragma busy_timeout = 5000;
pragma foreign_keys = on;
begin immediate;

create temp table place as
select row_number() over (order by position, id) - 1 as place, id
from services where organization_id = '{organization}';

create temp table hour as
with recursive month (n) as (select 0 union all select n + 1 from month where n + 1 < {months}),
    present (since) as (select min(started_at) from status_history where organization_id = '{organization}')
select n, since - n * 2592000000000 - 3600000000 as began, since - n * 2592000000000 as ended
from month cross join present;

insert into status_history (id, organization_id, service_id, status, started_at, ended_at, cause, user_name)
select lower(hex(randomblob(6))), '{organization}', place.id,
       'operational', ended - 2592000000000, began, 'manual', 'bench'
from hour cross join place
union all
select lower(hex(randomblob(6))), '{organization}', place.id, 'major_outage', began, ended, 'manual', 'bench'
from hour cross join place;

insert into status_claims (id, organization_id, service_id, status, started_at, ended_at,
                           cause, user_name, ended_user_name)
select lower(hex(randomblob(6))), organization_id, service_id, status, started_at, ended_at,
       cause, user_name, user_name
from status_history where organization_id = '{organization}' and ended_at is not null;

-- The first two of a month are incidents, the third is a maintenance; three services each.
create temp table told as
with part (part) as (values (0), (1), (2))
select lower(hex(randomblob(6))) as id, n, part, began, ended from hour cross join part;

create temp table named as
select told.id, part, began, ended, place.id as service_id
from told join place on place.place between (n * 9 + part * 3) % 390 and (n * 9 + part * 3) % 390 + 2;

insert into incidents (id, organization_id, title, status, impact, started_at, resolved_at,
                       search, created_at, updated_at)
select id, '{organization}', 'Requests fail', 'resolved', 'major', began, ended, 'requests fail', began, ended
from told where part < 2;

with step (status, after, body) as (values
    ('investigating', 0, 'Requests fail, and we are looking into it.'),
    ('identified', 600000000, 'A part of the network is down. We lead traffic around it.'),
    ('monitoring', 1800000000, 'Requests succeed again. We keep watching.'),
    ('resolved', 3600000000, 'All is well. Thank you for your patience.'))
insert into incident_updates (id, organization_id, incident_id, status, body, at, user_name, created_at)
select lower(hex(randomblob(6))), '{organization}', told.id, step.status, body, began + after, 'bench', began + after
from told cross join step where part < 2;

insert into incident_update_services (organization_id, update_id, service_id, status)
select '{organization}', u.id, service_id, 'partial_outage'
from named join incident_updates u on u.incident_id = named.id and u.status = 'investigating';

insert into incident_services (organization_id, incident_id, service_id, status)
select '{organization}', id, service_id, 'partial_outage' from named where part < 2;

insert into maintenances (id, organization_id, title, status, starts_at, ends_at, started_at, completed_at,
                          search, created_at, updated_at)
select id, '{organization}', 'New machines', 'completed', began, ended, began, ended, 'new machines', began, ended
from told where part = 2;

insert into maintenance_updates (id, organization_id, maintenance_id, status, body, at, user_name, created_at)
select lower(hex(randomblob(6))), '{organization}', id, 'scheduled', 'We put new machines in.', began, 'bench', began
from told where part = 2
union all
select lower(hex(randomblob(6))), '{organization}', id, 'completed', 'The new machines work.', ended, 'bench', ended
from told where part = 2;

insert into maintenance_services (organization_id, maintenance_id, service_id)
select '{organization}', id, service_id from named where part = 2;

insert into status_claims (id, organization_id, service_id, incident_id, maintenance_id, status, started_at, ended_at,
                           cause, user_name, ended_user_name)
select lower(hex(randomblob(6))), '{organization}', service_id,
       case when part < 2 then id end, case when part = 2 then id end,
       case when part < 2 then 'partial_outage' else 'under_maintenance' end, began, ended,
       case when part < 2 then 'incident' else 'maintenance' end, 'bench', 'bench'
from named;

commit;
