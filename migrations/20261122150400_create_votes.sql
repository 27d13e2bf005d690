-- Votes: one a battle, never changed. Counts are kept beside them so that ratings read cells, not votes.
create table votes (
    vote_index bigint primary key check (vote_index >= 0),
    battle_id uuid not null unique references battles,
    voter_id uuid not null references voters,
    verdict text not null check (verdict in ('left', 'right', 'tie', 'both_bad', 'both_good')),
    cast_at timestamptz not null default now()
);
comment on table votes is 'The recorded verdicts, in order and without a gap';
comment on column votes.vote_index is 'From 0 without gaps, in the order of commit';
comment on column votes.battle_id is 'The battle; the unique key is what keeps a second vote out';
comment on column votes.voter_id is 'Who voted';
comment on column votes.verdict is 'The choice';
comment on column votes.cast_at is 'When it was recorded';

create table vote_counts (
    left_model_id uuid not null references models,
    right_model_id uuid not null references models,
    verdict text not null check (verdict in ('left', 'right', 'tie', 'both_bad', 'both_good')),
    votes bigint not null check (votes > 0),
    primary key (left_model_id, right_model_id, verdict)
);
comment on table vote_counts is 'Votes per ordered pair and verdict: all that Bradley-Terry needs';
comment on column vote_counts.left_model_id is 'The model that answered as A';
comment on column vote_counts.right_model_id is 'The model that answered as B';
comment on column vote_counts.verdict is 'The choice';
comment on column vote_counts.votes is 'How many';

create table vote_total (
    only_row boolean primary key default true check (only_row),
    votes bigint not null check (votes >= 0)
);
insert into vote_total (votes) values (0);
comment on table vote_total is 'One row: how many votes there are; its lock puts votes in order';
comment on column vote_total.only_row is 'Always true';
comment on column vote_total.votes is 'Number of votes, which is the next vote''s index';

create table skips (
    battle_id uuid primary key references battles,
    reason text not null
        check (reason in ('not_my_field', 'unsafe', 'broken', 'cannot_decide', 'other')),
    skipped_at timestamptz not null default now()
);
comment on table skips is 'Battles that the voter passed over; never counted in a rating';
comment on column skips.battle_id is 'The battle';
comment on column skips.reason is 'Why, in the voter''s choice of five';
comment on column skips.skipped_at is 'When';
