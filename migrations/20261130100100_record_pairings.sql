-- What ties the pool, battles and votes to the journal.
create table policies (
    leaf_index bigint primary key,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    body text not null,
    made_at timestamptz not null default now()
);
comment on table policies is 'Rules and weights that pairs are drawn by; the last one is in force';
comment on column policies.leaf_index is 'The leaf that put it in force';
comment on column policies.sha256 is 'SHA-256 of the body';
comment on column policies.body is 'The published file';
comment on column policies.made_at is 'When it was put in force';

create table model_records (
    model_id uuid primary key references models,
    leaf_index bigint not null,
    state text not null check (state in ('private', 'public', 'retired', 'quarantined')),
    sampling_sha256 text not null check (sampling_sha256 ~ '^[0-9a-f]{64}$')
);
comment on table model_records is 'What the journal last said of a model';
comment on column model_records.model_id is 'The model';
comment on column model_records.leaf_index is 'The leaf that said it';
comment on column model_records.state is 'Where the model stood';
comment on column model_records.sampling_sha256 is 'Digest of the sampling settings in force';

create table commitments (
    battle_id uuid primary key references battles,
    assign_index bigint not null unique,
    epoch text not null references epochs,
    opening bytea not null check (length(opening) = 32),
    commitment bytea not null check (length(commitment) = 32),
    reveal text not null,
    closed_index bigint unique
);
create index on commitments (epoch) where closed_index is null;
comment on table commitments is 'The committed pairing of a battle';
comment on column commitments.battle_id is 'The battle';
comment on column commitments.assign_index is 'The leaf that has the commitment';
comment on column commitments.epoch is 'The day whose key drew it';
comment on column commitments.opening is 'Random bytes that open it; secret until the battle is closed';
comment on column commitments.commitment is 'What was published before the first token';
comment on column commitments.reveal is 'What was committed to; secret until the battle is closed';
comment on column commitments.closed_index is 'The leaf of the vote, or of the end without one; null before';

create table salts (
    battle_id uuid not null references battles,
    part text not null check (part in ('q', 'p', 'l', 'r')),
    salt bytea not null check (length(salt) = 32),
    primary key (battle_id, part)
);
comment on table salts is 'Random bytes behind the commitments to texts; deleted with the texts';
comment on column salts.battle_id is 'The battle';
comment on column salts.part is 'q: first question, p: all questions, l and r: all answers of a side';
comment on column salts.salt is 'Key of the commitment; without it the text cannot be confirmed by guessing';

create table pseudonyms (
    voter_id uuid not null references voters,
    month text not null check (month ~ '^\d{4}-\d{2}$'),
    pseudonym bytea not null unique check (length(pseudonym) = 16),
    primary key (voter_id, month)
);
comment on table pseudonyms is 'The random names under which the journal has a voter''s votes of a month';
comment on column pseudonyms.voter_id is 'The voter';
comment on column pseudonyms.month is 'The month, in UTC';
comment on column pseudonyms.pseudonym is 'The name; once the row is deleted nothing ties it to the voter';

alter table battles add column host bigint;
comment on column battles.host is 'Number of the process that writes the answers; it holds an advisory lock of this number while it lives';
