-- Votes on questions of one's own that were asked before: a few count in a month, the others are recorded apart.
create table question_keys (
    month text primary key check (month ~ '^\d{4}-\d{2}$'),
    key bytea not null check (length(key) = 64)
);
comment on table question_keys is 'The key that questions of the month are hashed with; gone when the month is over';
comment on column question_keys.month is 'The month, in UTC';
comment on column question_keys.key is 'Random bytes; without them nobody can tell what was hashed';

-- Not counted from battles: whoever has their texts erased must not get the votes on the question back.
create table question_counts (
    question_hash bytea primary key check (length(question_hash) = 32),
    month text not null check (month ~ '^\d{4}-\d{2}$'),
    counted integer not null check (counted >= 0)
);
comment on table question_counts is 'Votes that count on each question of a voter''s own, whoever asked it; gone when the month is over';
comment on column question_counts.question_hash is 'Keyed hash of the question, normalised';
comment on column question_counts.month is 'The month of the first vote, in UTC';
comment on column question_counts.counted is 'How many votes on it count';

alter table battles add column question_hashes bytea[];
comment on column battles.question_hashes is 'Keyed hashes of the voter''s own questions, normalised, one a turn; null without any and after erasure';

alter table votes add column repeated boolean not null default false;
comment on column votes.repeated is 'Whether as many votes as count in a month were on the same question; the vote is then counted apart';
