-- What is needed, beside model, conversation, sampling and seed, to write an answer again.
alter table answers
    add column features text,
    add column context_tokens integer check (context_tokens > 0),
    add column batch_tokens integer check (batch_tokens > 0),
    add column sequences integer check (sequences > 0),
    add column template_sha256 text check (template_sha256 ~ '^[0-9a-f]{64}$'),
    add column prompt_sha256 text check (prompt_sha256 ~ '^[0-9a-f]{64}$'),
    add column steps text,
    add column repeatable boolean,
    add column reused_tokens integer check (reused_tokens >= 0);
comment on column answers.features is 'What llama.cpp was built with, in its own words';
comment on column answers.context_tokens is 'Tokens that one conversation could have';
comment on column answers.batch_tokens is 'Most tokens in one decode step';
comment on column answers.sequences is 'Places for answers in the worker''s context';
comment on column answers.template_sha256 is 'SHA-256 of the chat template in force; none for the stated completion format';
comment on column answers.prompt_sha256 is 'SHA-256 of the formatted conversation; private, since a guessed question could be checked with it';
comment on column answers.steps is 'How tokens were evaluated: 128t2*3 is three steps of 128 tokens with 2 threads, an s marks steps shared with other answers';
comment on column answers.repeatable is 'Whether the same steps can be taken again: none was shared, cut or taken twice';
comment on column answers.reused_tokens is 'Tokens of the conversation that were still evaluated from an earlier turn';
