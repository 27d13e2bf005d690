-- One call appends leaves, so that a statement that records something can record its leaf as well: the log waits for
-- one statement less.
create function append_leaves(
    first bigint, bodies bytea[], hashes bytea[], subtrees bigint[], roots bytea[],
    new_size bigint, new_frontier bytea, new_time bigint
) returns void language plpgsql as
$$begin
    insert into log_leaves (leaf_index, body, leaf_hash)
    select first + place - 1, leaf.body, leaf.hash
    from unnest(bodies, hashes) with ordinality as leaf (body, hash, place);
    if cardinality(subtrees) > 0 then
        insert into log_subtrees (subtree_index, root) select * from unnest(subtrees, roots);
    end if;
    update log_state set size = new_size, frontier = new_frontier, last_time = new_time;
end$$;
comment on function append_leaves is 'Appends leaves, the subtrees that they complete and the state after them; the lock of log_state is held';
