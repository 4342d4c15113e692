-- Of a series that has ended: the one window to come that stays, until the others are removed.
alter table maintenance_series add column removing_except text;

-- Mail that has left or was given up: the sweep reads it from its end.
create index messages_ended on messages (created_at) where next_attempt_at is null;

-- When a large organization was deleted: nobody sees it any more, and its rows are deleted in batches.
alter table organizations add column deleting_at bigint;
