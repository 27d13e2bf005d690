-- The pool: every GGUF file that takes part, under its public name.
create table models (
    model_id uuid primary key,
    name text not null unique check (length(name) between 1 and 120),
    maker text not null check (length(maker) between 1 and 120),
    country text not null check (country ~ '^[A-Z]{2}(/[A-Z]{2})*$'),
    licence text not null check (length(licence) between 1 and 120),
    base_model text,
    architecture text not null,
    parameter_count bigint not null check (parameter_count > 0),
    quantization text not null,
    context_tokens integer not null check (context_tokens > 0),
    file_path text not null,
    file_size_bytes bigint not null check (file_size_bytes > 0),
    file_modified_at timestamptz not null,
    file_sha256 text not null unique check (file_sha256 ~ '^[0-9a-f]{64}$'),
    chat_template text,
    template_source text not null check (template_source in ('file', 'given', 'completion')),
    weight integer not null default 1 check (weight >= 0),
    added_at timestamptz not null default now(),
    retired_at timestamptz
);
comment on table models is 'One GGUF file that takes part in battles';
comment on column models.model_id is 'Random id; never shown before a vote';
comment on column models.name is 'Name on leaderboards';
comment on column models.maker is 'Who trained the model';
comment on column models.country is 'ISO 3166 codes of the maker''s home, several joined by a slash';
comment on column models.licence is 'Licence of the weights, SPDX where there is a code';
comment on column models.base_model is 'Model this one was made from, as the submitter states it';
comment on column models.architecture is 'general.architecture of the GGUF header';
comment on column models.parameter_count is 'Sum of all tensor elements in the file';
comment on column models.quantization is 'Label of the weights'' number format';
comment on column models.context_tokens is 'Context length the model was trained for';
comment on column models.file_path is 'Where the operator keeps the file; private';
comment on column models.file_size_bytes is 'Size when the file was hashed';
comment on column models.file_modified_at is 'Modification time when the file was hashed';
comment on column models.file_sha256 is 'SHA-256 of the whole file';
comment on column models.chat_template is 'Template given at registration; null is the file''s own';
comment on column models.template_source is 'Where the conversation format comes from';
comment on column models.weight is 'Relative chance of being drawn into a battle';
comment on column models.added_at is 'When the model passed its trial';
comment on column models.retired_at is 'When it left the pool; its votes stay';
