-- The host name on which an organization's page also stands, in lower case: bound by the operator.
alter table organizations add column host text;
create unique index organizations_host on organizations (host) where host is not null;
