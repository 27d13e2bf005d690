-- Tracks: votes of other arenas, each with a ranking of its own and never added to the site's.
create table tracks (
    track_id bigint generated always as identity primary key,
    slug text not null unique check (slug ~ '^[a-z0-9-]{1,60}$'),
    title text not null check (length(title) between 1 and 200),
    source text not null check (length(source) between 1 and 2000),
    licence text not null check (length(licence) between 1 and 120),
    file_name text not null,
    file_sha256 text not null unique check (file_sha256 ~ '^[0-9a-f]{64}$'),
    skipped_rows bigint not null check (skipped_rows >= 0),
    models text[] not null,
    imported_at timestamptz not null default now()
);
comment on table tracks is 'One imported file of votes';
comment on column tracks.track_id is 'Internal id';
comment on column tracks.slug is 'Address of its page';
comment on column tracks.title is 'Name on pages';
comment on column tracks.source is 'Where the votes come from, in words';
comment on column tracks.licence is 'Licence of the votes';
comment on column tracks.file_name is 'Name of the file without its folder';
comment on column tracks.file_sha256 is 'SHA-256 of the file';
comment on column tracks.skipped_rows is 'Rows that could not be read and were left out on request';
comment on column tracks.models is 'Names in alphabetical order; votes name them by place, from 0';

comment on column tracks.imported_at is 'When it was imported';

create table track_votes (
    track_id bigint not null references tracks on delete cascade,
    vote_index bigint not null check (vote_index >= 0),
    left_model integer not null check (left_model >= 0),
    right_model integer not null check (right_model >= 0),
    outcome text not null check (outcome in ('left', 'right', 'tie', 'both_bad')),
    voter integer check (voter >= 0),
    prompt integer check (prompt >= 0),
    cast_at timestamptz,
    primary key (track_id, vote_index),
    check (left_model <> right_model)
);
comment on table track_votes is 'The votes of a track whose file has single votes';
comment on column track_votes.track_id is 'The track';
comment on column track_votes.vote_index is 'Place in the file, from 0, skipped rows left out';
comment on column track_votes.left_model is 'Place of the left model in the track''s list';
comment on column track_votes.right_model is 'Place of the right model in the track''s list';
comment on column track_votes.outcome is 'The choice';
comment on column track_votes.voter is 'Number of the voter inside the file; the name is not kept';
comment on column track_votes.prompt is 'Number of the prompt inside the file; the text is not kept';
comment on column track_votes.cast_at is 'When, where the file says so';

create table track_counts (
    track_id bigint not null references tracks on delete cascade,
    left_model integer not null check (left_model >= 0),
    right_model integer not null check (right_model >= 0),
    left_wins bigint not null check (left_wins >= 0),
    right_wins bigint not null check (right_wins >= 0),
    ties bigint not null check (ties >= 0),
    both_bad bigint not null check (both_bad >= 0),
    primary key (track_id, left_model, right_model),
    check (left_model <> right_model)
);
comment on table track_counts is 'The votes of a track whose file has counts per pair';
comment on column track_counts.track_id is 'The track';
comment on column track_counts.left_model is 'Place of the left model in the track''s list';
comment on column track_counts.right_model is 'Place of the right model in the track''s list';
comment on column track_counts.left_wins is 'Votes for the left model';
comment on column track_counts.right_wins is 'Votes for the right model';
comment on column track_counts.ties is 'Ties';
comment on column track_counts.both_bad is 'Votes that found both bad';
