-- Raised whenever sessions of the account end all at once: who proved before that who they are, and is about to be let
-- in, has to prove it again. A session carries the version of the moment of its proof.
alter table users add column access_version bigint not null default 0;
alter table sessions add column access_version bigint not null default 0;
