-- A model is a file on this machine or an endpoint that somebody else runs; never both, never neither.
alter table models
    alter column architecture drop not null,
    alter column parameter_count drop not null,
    alter column quantization drop not null,
    alter column file_path drop not null,
    alter column file_size_bytes drop not null,
    alter column file_modified_at drop not null,
    alter column file_sha256 drop not null,
    drop constraint models_template_source_check,
    add constraint models_template_source_check
        check (template_source in ('file', 'given', 'completion', 'endpoint')),
    add column endpoint_url text check (endpoint_url ~ '^https?://[^@?#]+$'),
    add column endpoint_model text check (length(endpoint_model) between 1 and 200),
    add column endpoint_key_file text,
    add column operator text check (length(operator) between 1 and 120),
    add column operator_country text check (operator_country ~ '^[A-Z]{2}(/[A-Z]{2})*$'),
    add constraint models_file_or_endpoint check (
        (num_nulls(architecture, parameter_count, quantization, file_path, file_size_bytes,
                   file_modified_at, file_sha256) = 0
         and num_nonnulls(endpoint_url, endpoint_model, endpoint_key_file, operator,
                          operator_country) = 0
         and template_source <> 'endpoint')
        or
        (num_nulls(endpoint_url, endpoint_model, operator, operator_country) = 0
         and num_nonnulls(architecture, parameter_count, quantization, file_path, file_size_bytes,
                          file_modified_at, file_sha256, chat_template) = 0
         and template_source = 'endpoint'));
create unique index models_one_endpoint on models (endpoint_url, endpoint_model)
    where retired_at is null;
comment on table models is 'One model that takes part in battles: a GGUF file, or an endpoint';
comment on column models.architecture is 'general.architecture of the GGUF header; null for an endpoint';
comment on column models.parameter_count is 'Sum of all tensor elements in the file; null for an endpoint';
comment on column models.quantization is 'Label of the weights'' number format; null for an endpoint';
comment on column models.context_tokens is 'Context length the model was trained for; of an endpoint, what its operator allows';
comment on column models.file_path is 'Where the operator keeps the file; private; null for an endpoint';
comment on column models.file_size_bytes is 'Size when the file was hashed; null for an endpoint';
comment on column models.file_modified_at is 'Modification time when the file was hashed; null for an endpoint';
comment on column models.file_sha256 is 'SHA-256 of the whole file; null for an endpoint';
comment on column models.endpoint_url is 'Base address of an OpenAI-compatible interface; private; null for a file';
comment on column models.endpoint_model is 'What the endpoint calls the model; null for a file';
comment on column models.endpoint_key_file is 'File with the key of the endpoint; private; null where it needs none';
comment on column models.operator is 'Who runs the endpoint and receives the questions; null for a file';
comment on column models.operator_country is 'ISO 3166 codes of where the operator runs it; null for a file';
