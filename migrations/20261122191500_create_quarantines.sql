-- Models that are kept out of battles because their workers crashed again and again.
create table quarantines (
    quarantine_id bigint generated always as identity primary key,
    model_id uuid not null references models,
    reason text not null check (reason in ('died', 'hung', 'decode')),
    faults integer not null check (faults > 0),
    began_at timestamptz not null default now(),
    released_at timestamptz check (released_at >= began_at)
);
create unique index quarantines_open on quarantines (model_id) where released_at is null;
comment on table quarantines is 'Models kept out of battles after repeated faults of their workers; never removed';
comment on column quarantines.quarantine_id is 'Order in which they began';
comment on column quarantines.model_id is 'Which model';
comment on column quarantines.reason is 'Class of the last fault: died, hung or decode';
comment on column quarantines.faults is 'How many faults led to it';
comment on column quarantines.began_at is 'When the last fault was seen';
comment on column quarantines.released_at is 'When the operator let the model take part again; null while it is kept out';
