-- Whether erased texts still lie in files of the database.
create table scrubbing (
    only_row boolean primary key default true check (only_row),
    pending_since timestamptz,
    scrubbed_at timestamptz
);
insert into scrubbing default values;
comment on table scrubbing is 'One row: whether erased texts still lie in files of the database';
comment on column scrubbing.only_row is 'Always true';
comment on column scrubbing.pending_since is 'Since when; null if not';
comment on column scrubbing.scrubbed_at is 'When the files were last rewritten';
