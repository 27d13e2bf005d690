-- A statement that records something can append its leaf as well: the log is locked for one statement and not for three.
-- It does what the app's Merkle frontier does: both leave the same state, and a test compares them.
create function append_leaf(leaf_body bytea, leaf_time bigint) returns bigint strict language plpgsql as
$$declare
    log log_state;
    place bigint;
    node bytea := sha256('\x00'::bytea || leaf_body);
    level integer := 0;
begin
    select * into strict log from log_state for update;
    -- The caller locks the log and gives the leaf the time of the one in front, or finds that the log was not founded.
    if log.size = 0 or leaf_time < log.last_time then
        return null;
    end if;
    insert into log_leaves (leaf_index, body, leaf_hash) values (log.size, leaf_body, node);
    place := log.size;
    while place % 2 = 1 loop
        node := sha256('\x01'::bytea || substring(log.frontier from length(log.frontier) - 31) || node);
        log.frontier := substring(log.frontier for length(log.frontier) - 32);
        place := place / 2;
        level := level + 1;
        if level = 8 then
            insert into log_subtrees (subtree_index, root) values (place, node);
        end if;
    end loop;
    update log_state
    set size = log.size + 1, frontier = log.frontier || node, last_time = leaf_time;
    return log.size;
end$$;
comment on function append_leaf is 'Appends one leaf under the lock of log_state and gives its index; null, and nothing is done, if its time is before the last leaf''s';
