-- Requests of programs that carry a key of their own, so that one that comes again is done once.
create table idempotency_keys (
    -- Hash of the credential that the request came with: nobody meets the keys of others.
    owner text not null,
    idempotency_key text not null,
    -- Of address and body.
    fingerprint text not null,
    claimed_at bigint not null,
    -- Of the first answer; none while it is under way.
    status bigint,
    content_type text,
    location text,
    etag text,
    -- None where the answer is not to be given again.
    body text,
    primary key (owner, idempotency_key)
);
create index idempotency_keys_claimed on idempotency_keys (claimed_at);
