#!/usr/bin/env bash
# make simulate: the attack suite R1 to R18 on the code of the arena, with fixed seeds; the last lines are its table.
# ATTACKS="R5 R12" runs these only. It is built as the tests are, so that after make test nothing but the program itself is built.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

.make/setup.sh run # the same tools: Rust, and Postgres for the attacks on a served arena
step "Building the attack suite (the first time about 5 minutes)" cargo bench --quiet --profile dev --bench simulate --no-run
say "== Attacks, on $(nproc) cores: about 3 minutes"
# shellcheck disable=SC2086  # several ids
cargo bench --quiet --profile dev --bench simulate -- ${ATTACKS:-}
