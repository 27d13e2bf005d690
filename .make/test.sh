#!/usr/bin/env bash
# make test: every check and every test, in this order; all run, also after a failure. The output streams, and sum.py adds it up.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

if ! .make/setup.sh test; then
  echo "0 passed, 1 failed, 0 skipped"
  exit 1
fi

logs=$(mktemp -d "$cache/test-logs.XXXXXX")
trap 'rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

# check KIND NAME COMMAND...: runs it, shows its output and notes the outcome for sum.py.
# Kinds: check (one passed or one failed), step (counts only when it fails), cargo and node (the runner's own counts).
number=0
check() {
  local kind=$1 name=$2 code=0 start=$SECONDS
  shift 2
  number=$((number + 1))
  printf '\n== %s\n' "$name"
  "$@" </dev/null 2>&1 | tee "$logs/$number.log" || code=$?
  printf '%s\t%s\t%s\t%s\t%s\n' "$kind" "$code" "$((SECONDS - start))" "$logs/$number.log" "$name" >>"$logs/results.tsv"
}

browser_tests() {
  local files=(tests/browser/*.test.mjs)
  [[ -e ${files[0]} ]] || { echo "no tests/browser/*.test.mjs found" && return 1; }
  npm ci --prefix tests/browser --prefer-offline --no-audit --no-fund && node --test --test-reporter=spec "${files[@]}"
}

export DOUBLEBLIND_TEST_MODEL=$models/smollm2-135m-instruct-q4_1.gguf
export DOUBLEBLIND_WORKER_BIN=$CARGO_TARGET_DIR/release/arena-worker
export DOUBLEBLIND_BIN=$CARGO_TARGET_DIR/debug/doubleblind
export DOUBLEBLIND_REMOTE_SERVER=$cache/remote-server
export DOUBLEBLIND_VERIFIER_PACKAGES=$cache/verifier
export CHROMIUM=${CHROMIUM:-$(command -v chromium)}
export npm_config_cache=$cache/npm # nothing outside the checkout and the cache folder

check step "Smallest demo model (98 MB)" python3 .make/fetch_models.py --only smallest --to "$models"
check step "A server of another project, for remote models (34 MB)" .make/remote_server.sh
check step "A package for the second verifier, in Python (5 MB)" .make/verifier.sh
check check "Format" cargo fmt --all --check
check check "Clippy" cargo clippy --workspace --exclude arena-worker --all-targets -- -D warnings
# Always release for the worker: llama.cpp is built for one profile only, about 10 minutes the first time.
check check "Clippy, worker" cargo clippy --release -p arena-worker --all-targets -- -D warnings
check step "Build, worker" cargo build --release -p arena-worker
check step "Build" cargo build
check cargo "Unit, property and integration tests" cargo test --no-fail-fast
check cargo "Worker tests" cargo test --release -p arena-worker --no-fail-fast
check check "Documentation" env RUSTDOCFLAGS="-D warnings" cargo doc --no-deps
check node "Browser tests" browser_tests

python3 .make/sum.py "$logs/results.tsv"
