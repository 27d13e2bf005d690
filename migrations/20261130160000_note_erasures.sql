-- An erasure while a scrub runs is for the next one, which has to know of it.
alter table scrubbing add column erased_at timestamptz;
comment on column scrubbing.erased_at is 'When something was erased last, by the clock';

-- Where one role both owns and serves, this is all that stands between it and a vote.
create function refuse_vote_change() returns trigger language plpgsql as
    $$ begin raise exception 'a vote is final: % on % is refused', tg_op, tg_table_name; end $$;
create trigger votes_are_final before update or delete or truncate on votes
    for each statement execute function refuse_vote_change();
