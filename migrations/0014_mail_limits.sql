-- One row for each invitation that was mailed, for the limits of a day. There are no foreign keys: neither who
-- deletes an organization nor who deletes an account begins to count anew.
create table invitation_mails (
    id text primary key,
    -- The address in lower case, without what stands behind a + before the @.
    mailbox text not null,
    organization_id text not null,
    -- The person who invited, unless a token of the organization did.
    sender_id text,
    sent_at bigint not null
);
create index invitation_mails_mailbox on invitation_mails (mailbox, sent_at);
create index invitation_mails_organization on invitation_mails (organization_id, sent_at);
create index invitation_mails_sender on invitation_mails (sender_id, sent_at) where sender_id is not null;
create index invitation_mails_sent on invitation_mails (sent_at);

-- When the last attempt to deliver it began: organizations whose mail was attempted least of late go first.
alter table messages add column attempted_at bigint;
create index messages_attempted on messages (attempted_at) where attempted_at is not null;
