-- Which battles of one day came from one network, for the daily allowance; no address, and no way back to one.
alter table battles add column network bytea check (length(network) = 16);
create index on battles (network, opened_at) where network is not null;
comment on column battles.network is 'Keyed hash of the opener''s network (/24 or /48); the key is never stored and lives a day at most';
