-- Sign-ins through the OpenID provider that were used, until their time is over: none is used twice.
create table used_oidc_flows (
    -- Of the `state` that was sent to the provider.
    state_hash text primary key,
    expires_at bigint not null
);
