# Sourced by the scripts beside it: where things are, and how they speak. bash only.
# shellcheck shell=bash disable=SC2034  # the variables are for the scripts that source this
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=${XDG_CACHE_HOME:-$HOME/.cache}/doubleblind
models=$cache/models
data=${DOUBLEBLIND_DATA:-./data}
# llama.cpp takes minutes to build: all clones of this user share one target folder, unless another one is named.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$cache/target}
mkdir -p "$cache"

say() { printf '%s\n' "$*" >&2; }

# step TEXT COMMAND...: one line with what it does and about how long it takes; the time it took when that was over 2 s.
step() {
  local text=$1 start=$SECONDS code=0
  shift
  say "== $text"
  "$@" || code=$?
  ((SECONDS - start <= 2)) || say "   took $((SECONDS - start)) s"
  return "$code"
}

# Builds both release binaries. The app starts arena-worker from the same folder.
build_release() {
  local hint="a few seconds when little has changed"
  [[ -x $CARGO_TARGET_DIR/release/arena-worker ]] || hint="the first time about 10 minutes, because llama.cpp is built; later seconds"
  # One package a call: together they would share other features of their dependencies, and llama.cpp would be built twice.
  step "Building release binaries in $CARGO_TARGET_DIR ($hint)" cargo build --release -p arena-worker
  step "Building the app" cargo build --release -p doubleblind
}
