-- The journal: leaves that are never changed, the state of their tree, and the signed heads that were served.
create table log_leaves (
    leaf_index bigint primary key check (leaf_index >= 0),
    body bytea not null check (length(body) between 2 and 65535),
    leaf_hash bytea not null check (length(leaf_hash) = 32)
);
comment on table log_leaves is 'What is recorded, as bytes that never change';
comment on column log_leaves.leaf_index is 'Place in the log, from 0 without a gap';
comment on column log_leaves.body is 'One JSON object in its canonical form';
comment on column log_leaves.leaf_hash is 'SHA-256 of 0x00 and the body';

create table log_subtrees (
    subtree_index bigint primary key check (subtree_index >= 0),
    root bytea not null check (length(root) = 32)
);
comment on table log_subtrees is 'Roots of complete groups of 256 leaves, so that proofs and tiles need few rows';
comment on column log_subtrees.subtree_index is 'The group has the leaves from 256 times this index on';
comment on column log_subtrees.root is 'Root of their tree';

create table log_state (
    only_row boolean primary key default true check (only_row),
    size bigint not null check (size >= 0),
    frontier bytea not null,
    last_time bigint not null check (last_time >= 0)
);
insert into log_state (size, frontier, last_time) values (0, '', 0);
comment on table log_state is 'One row: how far the log is; its lock puts leaves in order';
comment on column log_state.only_row is 'Always true';
comment on column log_state.size is 'Number of leaves, which is the next leaf''s index';
comment on column log_state.frontier is 'Roots of the complete subtrees that the log consists of, largest first';
comment on column log_state.last_time is 'Time of the last leaf, in Unix seconds';

create table log_checkpoints (
    size bigint primary key check (size >= 0),
    note text not null,
    signed_at timestamptz not null default now()
);
comment on table log_checkpoints is 'Signed heads of the log';
comment on column log_checkpoints.size is 'Number of leaves it covers';
comment on column log_checkpoints.note is 'The checkpoint as it is served';
comment on column log_checkpoints.signed_at is 'When it was signed';

create table epochs (
    epoch text primary key check (epoch ~ '^\d{4}-\d{2}-\d{2}$'),
    key bytea not null check (length(key) = 32),
    draws bigint not null default 0 check (draws >= 0),
    leaf_index bigint not null unique,
    reveal_index bigint unique
);
comment on table epochs is 'The keys that draws of a day are made with';
comment on column epochs.epoch is 'The day, in UTC';
comment on column epochs.key is 'The key; secret until it is revealed';
comment on column epochs.draws is 'How many draws were made with it, which is the next draw''s number';
comment on column epochs.leaf_index is 'The leaf that commits to the key';
comment on column epochs.reveal_index is 'The leaf that shows it; null before';

create function refuse_log_change() returns trigger language plpgsql as
    $$ begin raise exception 'the log is append-only: % on % is refused', tg_op, tg_table_name; end $$;
create trigger log_leaves_are_final before update or delete or truncate on log_leaves
    for each statement execute function refuse_log_change();
create trigger log_subtrees_are_final before update or delete or truncate on log_subtrees
    for each statement execute function refuse_log_change();
create trigger log_checkpoints_are_final before update or delete or truncate on log_checkpoints
    for each statement execute function refuse_log_change();
