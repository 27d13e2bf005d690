-- What a model thought, apart from its answer; and answers that say who wrote them, found before the vote.
alter table answers add column reasoning text;
comment on column answers.reasoning is 'What the model thought before and between; shown after the vote; private';
comment on column answers.body is 'What the voter reads, without reasoning and invisible characters; private';

alter table battles add column leaked boolean not null default false;
comment on column battles.leaked is 'Whether an answer said who wrote it; the vote is then counted apart';

create table leaks (
    battle_id uuid not null,
    turn smallint not null,
    side text not null,
    attempt smallint not null,
    rule text not null check (rule in ('name', 'maker', 'text', 'role', 'signature')),
    kind text not null check (kind in ('name', 'maker', 'family', 'word')),
    own boolean not null,
    primary key (battle_id, turn, side, attempt, rule, kind, own),
    foreign key (battle_id, turn, side, attempt) references answers
);
comment on table leaks is 'In which ways answers said who wrote them; the words themselves stay in the answer';
comment on column leaks.battle_id is 'The battle';
comment on column leaks.turn is 'The turn';
comment on column leaks.side is 'The side that said it';
comment on column leaks.attempt is 'The attempt; the words of a dropped one are not kept';
comment on column leaks.rule is 'How it was said: an introduction by name or maker, about the text, as a role, a signature';
comment on column leaks.kind is 'What the word is to the first model that goes by it';
comment on column leaks.own is 'Whether the word goes for the model that wrote it; else it claimed to be another';

create table leak_counts (
    model_id uuid primary key references models,
    answers bigint not null check (answers > 0),
    leaking bigint not null check (leaking between 0 and answers),
    own bigint not null check (own between 0 and leaking)
);
comment on table leak_counts is 'How often the answers of a model say who wrote them';
comment on column leak_counts.model_id is 'The model';
comment on column leak_counts.answers is 'Complete answers that were looked at';
comment on column leak_counts.leaking is 'Those that name an author';
comment on column leak_counts.own is 'Those that name this model, its maker or its family';

alter table vote_total add column apart bigint not null default 0 check (apart between 0 and votes);
comment on column vote_total.apart is 'Votes on battles in which an answer said who wrote it';
comment on table vote_counts is 'Counted votes per ordered pair and verdict: all that Bradley-Terry needs';
comment on column vote_counts.votes is 'How many, without those that are counted apart';
