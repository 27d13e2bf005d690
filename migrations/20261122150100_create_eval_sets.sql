-- Evaluation sets: questions with a licence, imported from the folder eval_sets at start.
create table eval_sets (
    set_id text not null check (set_id ~ '^[a-z0-9-]{1,60}$'),
    version integer not null check (version > 0),
    title text not null,
    language text not null,
    licence text not null,
    source text not null,
    description text not null,
    content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
    imported_at timestamptz not null default now(),
    primary key (set_id, version)
);
comment on table eval_sets is 'One version of one evaluation set; never changed once imported';
comment on column eval_sets.set_id is 'Folder name';
comment on column eval_sets.version is 'Counts up with every change of the questions';
comment on column eval_sets.title is 'Name on pages';
comment on column eval_sets.language is 'BCP 47 code of the questions';
comment on column eval_sets.licence is 'SPDX licence of the questions';
comment on column eval_sets.source is 'Where the questions come from';
comment on column eval_sets.description is 'One sentence for the voter';
comment on column eval_sets.content_sha256 is 'SHA-256 of prompts.jsonl';
comment on column eval_sets.imported_at is 'When this version was first seen';

create table questions (
    question_id bigint generated always as identity primary key,
    set_id text not null,
    set_version integer not null,
    question_key text not null,
    position integer not null check (position >= 0),
    category text not null,
    turns text[] not null check (cardinality(turns) > 0),
    foreign key (set_id, set_version) references eval_sets (set_id, version),
    unique (set_id, set_version, question_key)
);
comment on table questions is 'One question of one version of a set';
comment on column questions.question_id is 'Internal id';
comment on column questions.set_id is 'The set';
comment on column questions.set_version is 'The version of the set';
comment on column questions.question_key is 'Id inside the set, as the source gives it';
comment on column questions.position is 'Place in the file, from 0';
comment on column questions.category is 'Category inside the set';
comment on column questions.turns is 'What the user says, turn by turn';
