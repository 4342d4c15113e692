-- Who sent it, or made the token that did: it is revoked when they are a member no more. Not known of those that were
-- sent before, nor of memberships that an import keeps.
alter table invitations add column invited_by_id text references users (id) on delete set null;
create index invitations_invited_by on invitations (invited_by_id) where invited_by_id is not null;
