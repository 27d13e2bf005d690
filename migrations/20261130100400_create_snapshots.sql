-- Published boards, each with its leaf in the journal.
create table snapshots (
    sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
    leaf_index bigint not null unique,
    size bigint not null check (size > 0),
    settings text not null,
    body text not null,
    taken_at timestamptz not null default now()
);
comment on table snapshots is 'Leaderboards that were published for good';
comment on column snapshots.sha256 is 'SHA-256 of the body: its permanent address';
comment on column snapshots.leaf_index is 'The leaf that names it';
comment on column snapshots.size is 'It is computed from so many leaves, from the first on';
comment on column snapshots.settings is 'How it is computed';
comment on column snapshots.body is 'The published file';
comment on column snapshots.taken_at is 'When it was taken';
