-- Who made a token of an organization: the person by whose session it was made, or by whose token. Of old
-- tokens the audit log says it exactly; a person who is deleted stays named here.
alter table api_tokens add column created_by_id text;

update api_tokens set created_by_id = user_id where user_id is not null;

update api_tokens set created_by_id = (
    select max(audit_entries.user_id) from audit_entries
    where audit_entries.organization_id = api_tokens.organization_id
      and audit_entries.action = 'token.created' and audit_entries.subject_id = api_tokens.id
) where organization_id is not null;

-- Links that were mailed to confirm one session. Only the hash of the token is kept.
create table confirmation_links (
    token_hash text primary key,
    user_id text not null references users (id) on delete cascade,
    session_hash text not null references sessions (id_hash) on delete cascade,
    -- The address that it was sent to: one that the account has no more confirms nothing.
    email_key text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create index confirmation_links_user on confirmation_links (user_id);
create index confirmation_links_session on confirmation_links (session_hash);
