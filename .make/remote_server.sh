#!/usr/bin/env bash
# remote_server.sh: a server of another project for the tests of remote models: llama.cpp's own, as one wheel (34 MB) of the package
# xllamacpp, in the cache folder. Nothing is built. The first time about 20 seconds, later nothing.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

folder=$cache/remote-server
[[ -e $folder/complete ]] && exit 0
export PIP_CACHE_DIR=$cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1
rm -rf "$folder"
# A folder and no venv: Debian's Python has no ensurepip.
python3 -m pip install --quiet --only-binary :all: --no-deps --target "$folder" xllamacpp==2026.10.11549
touch "$folder/complete"
