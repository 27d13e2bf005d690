-- A model whose file is another one than the one that was hashed is kept out as well.
alter table quarantines
    drop constraint quarantines_reason_check,
    add constraint quarantines_reason_check check (reason in ('died', 'hung', 'decode', 'changed'));
comment on table quarantines is 'Models kept out of battles after repeated faults of their workers, or because their file has changed; never removed';
comment on column quarantines.reason is 'Class of the last fault: died, hung, decode or changed';
