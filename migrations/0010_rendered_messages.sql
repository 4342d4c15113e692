-- The HTML of messages, made when they are written. It follows from the source beside it, and from the rules that made
-- it: version 0 stands for none, an older version than the server's for rules that have changed since. Such rows are
-- rendered anew.
alter table incident_updates add column body_html text not null default '';
alter table incident_updates add column body_html_version bigint not null default 0;
alter table incidents add column postmortem_html text not null default '';
alter table incidents add column postmortem_html_version bigint not null default 0;
alter table maintenance_updates add column body_html text not null default '';
alter table maintenance_updates add column body_html_version bigint not null default 0;

-- How the rows of older rules are found.
create index incident_updates_html_version on incident_updates (body_html_version) where body <> '';
create index incidents_postmortem_html_version on incidents (postmortem_html_version) where postmortem <> '';
create index maintenance_updates_html_version on maintenance_updates (body_html_version) where body <> '';
