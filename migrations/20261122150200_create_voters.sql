-- Voters are browsers, not persons.
create table voters (
    voter_id uuid primary key,
    joined_at timestamptz not null default now()
);
comment on table voters is 'One browser that has opened a battle';
comment on column voters.voter_id is 'Random pseudonym, kept in the browser''s session';
comment on column voters.joined_at is 'First battle';

create table sessions (
    token_sha256 bytea primary key check (length(token_sha256) = 32),
    state jsonb not null,
    expires_at timestamptz not null
);
create index on sessions (expires_at);
comment on table sessions is 'Browser sessions; the token itself is only in the cookie';
comment on column sessions.token_sha256 is 'SHA-256 of the cookie''s token';
comment on column sessions.state is 'What the session holds';
comment on column sessions.expires_at is 'When the session ends';
