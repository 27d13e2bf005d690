-- Counts that rise while a battle is open would tell its voter who is in it; they are now counted from battles that are over.
drop table leak_counts;
