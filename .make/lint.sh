#!/usr/bin/env bash
# make lint: the checks that `make test` starts with. All run, also after a failure.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

code=0
cargo fmt --all --check || code=1
cargo clippy --workspace --exclude arena-worker --all-targets -- -D warnings || code=1
# Release, like everywhere: llama.cpp is built for one profile only.
cargo clippy --release -p arena-worker --all-targets -- -D warnings || code=1
exit "$code"
