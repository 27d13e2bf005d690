#!/usr/bin/env bash
# make build: both release binaries.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

.make/setup.sh build
build_release
