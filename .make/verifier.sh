#!/usr/bin/env bash
# verifier.sh: the one package that tests/verify.py needs beside Python itself, in the cache folder. Nothing is built. The first time about
# 5 seconds, later nothing.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

folder=$cache/verifier
[[ -e $folder/complete ]] && exit 0
export PIP_CACHE_DIR=$cache/pip PIP_DISABLE_PIP_VERSION_CHECK=1
rm -rf "$folder"
# A folder and no venv: Debian's Python has no ensurepip.
python3 -m pip install --quiet --only-binary :all: --target "$folder" cryptography==50.0.2
touch "$folder/complete"
