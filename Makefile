# Two commands do everything: `make run` and `make test`. The work is in .make/; read it to see what is installed, fetched and built.
# Where things go: .make/env.sh. Arguments for the app: make run ARGS="--help".
.DEFAULT_GOAL := help
.PHONY: help run test bench simulate chaos fuzz models build fmt lint

help: ## Lists these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-8s %s\n", $$1, $$2}' Makefile

run: ## Installs, fetches and builds what is missing, then starts the arena; Ctrl-C ends it
	@exec .make/run.sh $(ARGS)

test: ## Installs what is missing, then runs every check and test; the last line is the sum
	@exec .make/test.sh

bench: ## Prints how fast ratings and answers are, as ratios to floors and other programs; BENCH=full, LLAMA_SERVER=PROGRAM
	@exec .make/bench.sh

simulate: ## Attacks votes, ratings, answers and requests, and prints one table of what came of it; ATTACKS="R5 R12" runs these only
	@exec .make/simulate.sh

chaos: ## Kills, fills, restarts and confuses a loaded arena, and checks ten invariants after each; CHAOS_SEED=n, CHAOS_KILLS=n
	@exec .make/chaos.sh

fuzz: ## Feeds millions of broken inputs to whatever reads strangers' bytes; RUNS=n executions each
	@exec .make/fuzz.sh

models: ## Fetches the three demo models (about 840 MB) into the cache folder
	@exec .make/models.sh

build: ## Builds the release binaries, llama.cpp included
	@exec .make/build.sh

fmt: ## Formats the code
	@cargo fmt --all

lint: ## Format check and clippy, warnings are errors
	@exec .make/lint.sh
