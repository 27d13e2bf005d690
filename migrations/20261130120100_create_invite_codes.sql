-- Codes that the operator hands out; whoever enters one is an invited voter. The code itself is not stored.
create table invite_codes (
    invite_id bigint generated always as identity primary key,
    code_sha256 bytea not null unique check (length(code_sha256) = 32),
    note text check (length(note) between 1 and 200),
    most_uses integer not null check (most_uses between 1 and 10000),
    uses integer not null default 0 check (uses between 0 and most_uses),
    made_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);
comment on table invite_codes is 'One code from the operator that makes accounts invited';
comment on column invite_codes.invite_id is 'Number on the command line';
comment on column invite_codes.code_sha256 is 'SHA-256 of the code, which only the invited have';
comment on column invite_codes.note is 'The operator''s own words; null without any';
comment on column invite_codes.most_uses is 'How many accounts may enter it';
comment on column invite_codes.uses is 'How many have entered it, removed accounts included';
comment on column invite_codes.made_at is 'When it was made';
comment on column invite_codes.expires_at is 'Until when it may be entered';
comment on column invite_codes.revoked_at is 'When the operator withdrew it; accounts that entered it before keep their tier';

create table invite_uses (
    account_id uuid primary key references accounts on delete cascade,
    invite_id bigint not null references invite_codes,
    used_at timestamptz not null default now()
);
create index on invite_uses (invite_id);
comment on table invite_uses is 'Which account entered which code; gone with the account';
comment on column invite_uses.account_id is 'The account';
comment on column invite_uses.invite_id is 'The code';
comment on column invite_uses.used_at is 'When';
