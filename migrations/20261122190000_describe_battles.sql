-- What slices and style control need to know of a battle, written down while its texts are at hand.
alter table battles
    add column language text check (language ~ '^[a-z]{2,3}$'),
    add column left_chars bigint check (left_chars >= 0),
    add column left_headers bigint check (left_headers >= 0),
    add column left_lists bigint check (left_lists >= 0),
    add column left_bold bigint check (left_bold >= 0),
    add column right_chars bigint check (right_chars >= 0),
    add column right_headers bigint check (right_headers >= 0),
    add column right_lists bigint check (right_lists >= 0),
    add column right_bold bigint check (right_bold >= 0),
    add check (num_nulls(left_chars, left_headers, left_lists, left_bold,
        right_chars, right_headers, right_lists, right_bold) in (0, 8));
comment on column battles.language is 'ISO 639 code of the first question: the set''s, else as recognised; null if uncertain';
comment on column battles.left_chars is 'Characters of all complete answers of A; null before the first';
comment on column battles.left_headers is 'Markdown headers in them';
comment on column battles.left_lists is 'List items in them';
comment on column battles.left_bold is 'Bold spans in them';
comment on column battles.right_chars is 'Characters of all complete answers of B; null before the first';
comment on column battles.right_headers is 'Markdown headers in them';
comment on column battles.right_lists is 'List items in them';
comment on column battles.right_bold is 'Bold spans in them';
