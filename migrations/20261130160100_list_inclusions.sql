-- Exclusions that were taken back, for the page that lists decisions; the log has them as well.
create table inclusions (
    leaf_index bigint primary key check (leaf_index >= 0),
    vote_leaf bigint not null check (vote_leaf >= 0),
    rule text not null,
    included_at timestamptz not null default now()
);
comment on table inclusions is 'Decisions that let an excluded vote count again';
comment on column inclusions.leaf_index is 'The leaf of the decision';
comment on column inclusions.vote_leaf is 'The leaf of the vote';
comment on column inclusions.rule is 'Why, in words';
comment on column inclusions.included_at is 'When';
