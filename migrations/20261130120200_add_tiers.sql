-- The tier of a voter at the moment of the vote; what it becomes later changes no vote.
alter table votes add column tier text not null default 'anonymous'
    check (tier in ('anonymous', 'registered', 'invited'));
comment on column votes.tier is 'How well the voter was known when the vote was cast';
