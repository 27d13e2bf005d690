#!/usr/bin/env bash
# make run: everything from a fresh machine to a running arena. Arguments are handed to `doubleblind serve`.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

.make/setup.sh run
python3 .make/fetch_models.py --to "$models"
build_release
say "== Starting the arena, data in $data (Ctrl-C ends it)"
# exec: Ctrl-C and SIGTERM reach the app itself, and no shell is left between it and make.
exec "$CARGO_TARGET_DIR/release/doubleblind" serve --data "$data" --demo-models "$models" "$@"
