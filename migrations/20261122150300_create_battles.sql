-- Battles: the pair is written down with its probability before the first token.
create table battles (
    battle_id uuid primary key,
    voter_id uuid not null references voters,
    left_model_id uuid not null references models,
    right_model_id uuid not null references models,
    p_draw double precision not null check (p_draw > 0 and p_draw <= 0.5),
    question_id bigint references questions,
    state text not null check (state in ('running', 'complete', 'failed', 'voted', 'skipped', 'void')),
    void_reason text check (void_reason in ('abandoned', 'interrupted')),
    opened_at timestamptz not null default now(),
    closed_at timestamptz,
    check (left_model_id <> right_model_id),
    check ((state in ('voted', 'skipped', 'void')) = (closed_at is not null)),
    check ((state = 'void') = (void_reason is not null))
);
create index on battles (state, opened_at) where state in ('running', 'complete', 'failed');
create index on battles (voter_id, opened_at desc);
create index on battles (question_id) where question_id is not null;
comment on table battles is 'One comparison of two models';
comment on column battles.battle_id is 'Random id, the address of the page';
comment on column battles.voter_id is 'Who opened it; nobody else may see it';
comment on column battles.left_model_id is 'The model that answers as A';
comment on column battles.right_model_id is 'The model that answers as B';
comment on column battles.p_draw is 'Probability of exactly this ordered pair when it was drawn';
comment on column battles.question_id is 'Question of an evaluation set; null for the voter''s own';
comment on column battles.state is 'running: answers are being written; complete: may be voted on';
comment on column battles.void_reason is 'Why the battle ended without a vote';
comment on column battles.opened_at is 'When the pair was drawn';
comment on column battles.closed_at is 'When it was voted on, skipped or voided';

create table turns (
    battle_id uuid not null references battles,
    turn smallint not null check (turn >= 0),
    prompt text not null check (length(prompt) between 1 and 16000),
    asked_at timestamptz not null default now(),
    primary key (battle_id, turn)
);
comment on table turns is 'What the voter said, turn by turn';
comment on column turns.battle_id is 'The battle';
comment on column turns.turn is 'From 0';
comment on column turns.prompt is 'The text; private';
comment on column turns.asked_at is 'When it was sent';

create table answers (
    battle_id uuid not null,
    turn smallint not null,
    side text not null check (side in ('left', 'right')),
    attempt smallint not null check (attempt >= 0),
    model_id uuid not null references models,
    outcome text not null check (outcome in ('running', 'complete', 'failed', 'dropped')),
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
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    primary key (battle_id, turn, side, attempt),
    foreign key (battle_id, turn) references turns,
    check ((outcome = 'failed') = (failure is not null)),
    check (outcome <> 'complete' or (body is not null and finish is not null))
);
comment on table answers is 'What a model said, one row an attempt';
comment on column answers.battle_id is 'The battle';
comment on column answers.turn is 'The turn it answers';
comment on column answers.side is 'A is left, B is right';
comment on column answers.attempt is 'From 0; a retry after a failure counts up';
comment on column answers.model_id is 'Who answered';
comment on column answers.outcome is 'dropped: the other side failed or the app ended';
comment on column answers.failure is 'Class of the failure, counted for the model';
comment on column answers.body is 'The text; private';
comment on column answers.finish is 'stop: the model ended its turn; length: the limit did';
comment on column answers.seed is 'Seed of the sampler';
comment on column answers.sampling is 'Sampling settings';
comment on column answers.system_prompt is 'The site''s instruction, the same for both sides';
comment on column answers.engine is 'Versions of the bindings and of llama.cpp';
comment on column answers.prompt_tokens is 'Tokens of the rendered conversation';
comment on column answers.answer_tokens is 'Tokens of the answer';
comment on column answers.first_token_ms is 'Work until the first token, without queue and pauses';
comment on column answers.total_ms is 'Work until the end, without queue and pauses';
comment on column answers.started_at is 'When it was asked for';
comment on column answers.ended_at is 'When it was complete or given up';
