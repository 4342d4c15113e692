-- When everything that opened the account last ended together: what began to open it before that does not.
alter table users add column access_ended_at bigint;
