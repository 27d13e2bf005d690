-- Accounts: a name, a password and one voter. A voter without an account stays what it was, a browser.
create table accounts (
    account_id uuid primary key,
    name text not null check (name ~ '^[A-Za-z0-9._-]{3,40}$'),
    password_hash text not null check (password_hash like '$argon2id$%'),
    tier text not null default 'registered' check (tier in ('registered', 'invited')),
    voter_id uuid not null unique references voters,
    session_epoch integer not null default 0 check (session_epoch >= 0),
    created_at timestamptz not null default now(),
    password_changed_at timestamptz not null default now()
);
create unique index accounts_name on accounts (lower(name));
comment on table accounts is 'One account: it votes as one voter in all its browsers';
comment on column accounts.account_id is 'Random id; never shown';
comment on column accounts.name is 'For signing in; shown to its owner and the operator alone; unique whatever the capitals';
comment on column accounts.password_hash is 'Argon2id hash with salt and parameters, in PHC form';
comment on column accounts.tier is 'registered, or invited with a code from the operator';
comment on column accounts.voter_id is 'The voter under whom the account opens battles and votes';
comment on column accounts.session_epoch is 'Counts up when all sessions end at once; a session of an earlier count is over';
comment on column accounts.created_at is 'When it was made';
comment on column accounts.password_changed_at is 'When its password was last set';

alter table voters add column account_id uuid references accounts on delete set null;
create index on voters (account_id) where account_id is not null;
comment on table voters is 'One pseudonym under which battles are opened: a browser, or an account';
comment on column voters.voter_id is 'Random pseudonym, kept in the session';
comment on column voters.joined_at is 'First battle, or when the account was made';
comment on column voters.account_id is 'The account whose voter it is, or whose browser it was before signing in; null for an anonymous voter';

alter table sessions
    add column session_id uuid unique,
    add column account_id uuid references accounts on delete cascade,
    add column epoch integer,
    add column device text
        check (device in ('Firefox', 'Chrome', 'Edge', 'Safari', 'phone', 'other')),
    add column made_at timestamptz not null default date_trunc('hour', now()),
    add column seen_at timestamptz not null default date_trunc('hour', now()),
    add check (num_nulls(session_id, account_id, epoch, device) in (0, 4));
create index on sessions (account_id) where account_id is not null;
comment on column sessions.session_id is 'Names the session on its owner''s page, so that it can be ended; null without an account';
comment on column sessions.account_id is 'Whose session it is; null for an anonymous voter';
comment on column sessions.epoch is 'The account''s count when it signed in; null without an account';
comment on column sessions.device is 'One coarse word for the browser; null without an account';
comment on column sessions.made_at is 'When it began, to the hour';
comment on column sessions.seen_at is 'When it was last used, to the hour';
