#!/usr/bin/env bash
# make chaos: kills, full disks, restarts and jumps of the clock under load, and the ten invariants of the record after each.
#   CHAOS_SEED=n      repeats the random choices of a run; it is printed
#   CHAOS_KILLS=n     kills in the drill of kills (200)
#   CHAOS_PHASES=a,b  these drills only: kills pair disk restarts clock disorder
# A full disk needs root, for a small file system; jumps of the clock need libfaketime. What cannot be done is told as not run.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

.make/setup.sh run # the same tools: Rust and Postgres
step "Building the app and the drills, as tests are built (the first time about 5 minutes)" \
  cargo bench --quiet --profile dev --bench chaos --no-run
if ((EUID == 0)) && command -v apt-get >/dev/null && ! compgen -G "/usr/lib/*/faketime/libfaketimeMT.so.1" >/dev/null; then
  step "Installing libfaketime, for jumps of the clock" apt-get -qq install -y --no-install-recommends libfaketime >"$cache/faketime.log" 2>&1 ||
    say "   it could not be installed; $cache/faketime.log says why"
fi
say "== Drills, on $(nproc) cores: about 15 minutes"
cargo bench --quiet --profile dev --bench chaos
