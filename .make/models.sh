#!/usr/bin/env bash
# make models: only the demo models.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

.make/setup.sh models
exec python3 .make/fetch_models.py --to "$models"
