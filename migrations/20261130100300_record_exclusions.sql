-- Votes that do not count by a decision, each with its leaf in the journal.
create table exclusions (
    battle_id uuid primary key references votes (battle_id),
    vote_leaf bigint not null unique,
    leaf_index bigint not null unique,
    rule text not null check (length(rule) between 1 and 200),
    excluded_at timestamptz not null default now()
);
comment on table exclusions is 'Votes that are excluded now; all decisions are in the journal';
comment on column exclusions.battle_id is 'The battle of the vote';
comment on column exclusions.vote_leaf is 'The leaf of the vote';
comment on column exclusions.leaf_index is 'The leaf of the decision';
comment on column exclusions.rule is 'By which rule';
comment on column exclusions.excluded_at is 'When';

alter table vote_total
    add column excluded bigint not null default 0 check (excluded between 0 and votes),
    add column decisions bigint not null default 0 check (decisions >= 0);
comment on column vote_total.excluded is 'Votes that are excluded now, without those that are counted apart anyway';
comment on column vote_total.decisions is 'How many exclusions and inclusions there were; a board from before the last one is stale';
