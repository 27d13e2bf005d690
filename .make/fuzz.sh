#!/usr/bin/env bash
# make fuzz: runs the fuzz targets of tests/fuzz one after the other, on a nightly toolchain.
#   RUNS=n     executions of each target (default: ten million of the reader, one million of the others)
#   TARGETS=…  which targets, by default all
#   TRACE=1    also follows comparisons: finds more for each execution, and takes about twice as long
# What is found goes to the cache folder; the small corpus in the repository is where a run starts from.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

toolchain=nightly
fuzz=$cache/fuzz
tools=$cache/tools
export PATH=$tools/bin:$PATH

cargo "+$toolchain" --version >/dev/null 2>&1 || { say "Fuzzing needs a nightly toolchain: rustup toolchain install nightly"; exit 1; }
[[ -x $tools/bin/cargo-fuzz ]] ||
  step "Installing cargo-fuzz into $tools (about a minute)" cargo "+$toolchain" install --quiet --locked --root "$tools" cargo-fuzz

# No address sanitizer: the targets are safe Rust, and run ten times as fast without it.
build=(--fuzz-dir tests/fuzz --release --sanitizer none)
[[ -n ${TRACE:-} ]] || build+=(--no-trace-compares)
export CARGO_TARGET_DIR=$fuzz/target
step "Building the fuzz targets" cargo "+$toolchain" fuzz build "${build[@]}"

run() { # run TARGET EXECUTIONS
  local target=$1 runs=$2 options=(-max_len=1024 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1)
  mkdir -p "$fuzz/corpus/$target" "$fuzz/found/$target"
  [[ ! -e tests/fuzz/dictionaries/$target.dict ]] || options+=("-dict=tests/fuzz/dictionaries/$target.dict")
  "$CARGO_TARGET_DIR/$(rustc -vV | sed -n 's/^host: //p')/release/$target" "${options[@]}" -runs="$runs" \
    -artifact_prefix="$fuzz/found/$target/" "$fuzz/corpus/$target" "tests/fuzz/corpus/$target" >"$fuzz/$target.log" 2>&1 || {
    tail -n 30 "$fuzz/$target.log" >&2
    say "$target: a finding; the input is in $fuzz/found/$target"
    return 1
  }
  grep -E '^#[0-9]+.*(DONE|REDUCE|NEW)' "$fuzz/$target.log" | tail -n 1 | sed -E "s/^#[0-9]+.*(cov: [0-9]+ ft: [0-9]+).*/$target: \1/"
  sed -n "s/^Done /$target: /p" "$fuzz/$target.log"
}

code=0
for target in ${TARGETS:-reader template protocol normaliser}; do
  runs=1000000
  [[ $target != reader ]] || runs=10000000
  say "== $target: ${RUNS:-$runs} executions"
  run "$target" "${RUNS:-$runs}" || code=1
done
exit "$code"
