-- Answers to questions of evaluation sets, made while nobody waits, so that battles on them can begin at once.
create table stored_answers (
    stored_answer_id bigint generated always as identity primary key,
    model_id uuid not null references models,
    question_id bigint not null references questions,
    conditions_sha256 text not null check (conditions_sha256 ~ '^[0-9a-f]{64}$'),
    outcome text not null check (outcome in ('complete', 'failed')),
    failure text,
    body text,
    finish text check (finish in ('stop', 'length')),
    seed bigint not null check (seed >= 0),
    sampling jsonb not null,
    system_prompt text not null,
    engine text,
    prompt_tokens integer,
    answer_tokens integer,
    first_token_ms bigint,
    total_ms bigint,
    record jsonb,
    made_at timestamptz not null default now(),
    unique (question_id, model_id, conditions_sha256),
    check ((outcome = 'failed') = (failure is not null)),
    check (outcome <> 'complete' or (body is not null and finish is not null))
);
comment on table stored_answers is 'What a model says to the first turn of a set''s question; one row for each set of conditions';
comment on column stored_answers.stored_answer_id is 'Internal id';
comment on column stored_answers.model_id is 'Who answered';
comment on column stored_answers.question_id is 'What was asked';
comment on column stored_answers.conditions_sha256 is 'SHA-256 of instruction and sampling settings; answers made under others are kept and not played';
comment on column stored_answers.outcome is 'failed: the model has no answer, and battles on the question ask it again';
comment on column stored_answers.failure is 'Class of the failure';
comment on column stored_answers.body is 'The text as the model wrote it, reasoning and invisible characters included';
comment on column stored_answers.finish is 'stop: the model ended its turn; length: the limit did';
comment on column stored_answers.seed is 'Seed of the sampler';
comment on column stored_answers.sampling is 'Sampling settings';
comment on column stored_answers.system_prompt is 'The site''s instruction';
comment on column stored_answers.engine is 'Versions of the bindings and of llama.cpp';
comment on column stored_answers.prompt_tokens is 'Tokens of the rendered conversation';
comment on column stored_answers.answer_tokens is 'Tokens of the answer';
comment on column stored_answers.first_token_ms is 'Work until the first token, without queue and pauses';
comment on column stored_answers.total_ms is 'Work until the end, without queue and pauses';
comment on column stored_answers.record is 'What is needed, beside model, conversation, sampling and seed, to write it again';
comment on column stored_answers.made_at is 'When it was complete or given up';

alter table answers add column stored_answer_id bigint references stored_answers;
comment on column answers.stored_answer_id is 'The stored answer that was played; null where the model wrote for this battle';
