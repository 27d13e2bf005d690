#!/usr/bin/env bash
# make bench: how fast ratings and answers are, in ratios measured side by side in one run. BENCH=full adds the large sizes.
# Another part is one more bench_... function below, called at the end.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

peers=$cache/bench-peers
export PIP_CACHE_DIR=$cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1

# The programs that ratings are compared with. fschat's own requirements are language models and web servers; its rating
# code needs four small packages.
install_peers() {
  [[ -e $peers/complete ]] && return
  rm -rf "$peers"
  python3 -m venv "$peers" || return
  "$peers/bin/pip" install --quiet arena-rank==0.1.1 evalica==0.4.2 pandas scikit-learn tqdm pytz || return
  "$peers/bin/pip" install --quiet --no-deps fschat || return
  touch "$peers/complete"
}

bench_ratings() {
  local folder arguments=() binary=${DOUBLEBLIND_RELEASE_BIN:-$CARGO_TARGET_DIR/release/doubleblind} code=0
  step "Building the bench program" cargo bench --quiet -p arena-core --bench ranking --no-run || return
  if step "Other programs to compare with, in $peers (the first time about a minute)" install_peers; then
    arguments+=(--peers "$peers/bin/python" "$PWD/tests/bench/peers.py")
    "$peers/bin/pip" list 2>/dev/null | grep -iE '^(arena-rank|evalica|fschat) ' || true
  else
    say "pip could not install them (no network?): only our own part is measured."
  fi
  [[ ! -x $binary ]] || arguments+=(--rank "$binary")
  [[ ${BENCH:-} != full ]] || arguments+=(--full)
  folder=$(mktemp -d "$cache/bench.XXXXXX")
  say "== Ratings: the least seconds of several runs in turns, on $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
  cargo bench --quiet -p arena-core --bench ranking -- --folder "$folder" "${arguments[@]}" || code=$?
  rm -rf "$folder"
  return "$code"
}

# The worker needs llama.cpp, which takes a quarter of an hour of one core where it was never built.
bench_inference() {
  local arguments=(--models "$models")
  [[ ${BENCH:-} != full ]] || arguments+=(--rounds 11 --spins)
  step "Models, in $models" "$PWD/.make/models.sh" || return
  step "Building worker and bench program" cargo bench --quiet -p arena-worker --bench inference --no-run || return
  say "== Inference: middle ratios of rounds in turns; LLAMA_SERVER=PROGRAM puts a llama-server beside it"
  cargo bench --quiet -p arena-worker --bench inference -- "${arguments[@]}"
}

bench_verify() {
  step "Building the bench program" cargo bench --quiet -p arena-core --bench journal --no-run || return
  say "== Verification of the vote record: the least seconds of several runs in turns, on one core"
  cargo bench --quiet -p arena-core --bench journal
}

bench_ratings || failed=1
bench_verify || failed=1
bench_inference || failed=1
exit "${failed:-0}"
