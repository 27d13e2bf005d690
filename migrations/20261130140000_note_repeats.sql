-- Votes on questions of one's own that were asked before: a few count in a month, the others are recorded apart.
create table question_keys (
    month text primary key check (month ~ '^\d{4}-\d{2}$'),
    key bytea not null check (length(key) = 64)
);
comment on table question_keys is 'The key that questions of the month are hashed with; gone when the month is over';
comment on column question_keys.month is 'The month, in UTC';
comment on column question_keys.key is 'Random bytes; without them nobody can tell what was hashed';

alter table battles add column question_hash bytea check (length(question_hash) = 32);
create index on battles (question_hash) where question_hash is not null;
comment on column battles.question_hash is 'Keyed hash of the voter''s own question, normalised; null for questions of sets and after erasure';

alter table votes add column repeated boolean not null default false;
comment on column votes.repeated is 'Whether as many votes as count in a month were on the same question; the vote is then counted apart';
