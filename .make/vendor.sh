#!/usr/bin/env bash
# Renews static/vendor from npm, at the versions named here, and writes their digests down. Run it by hand after changing a version;
# then look at the report in a browser and run the browser tests.
set -euo pipefail
cd "$(dirname "$0")/.."

vega=6.4.0
vega_lite=6.5.0
vega_interpreter=2.3.2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
npm install --prefix "$scratch" --ignore-scripts --no-save --no-audit --no-fund --loglevel error \
  "vega@$vega" "vega-lite@$vega_lite" "vega-interpreter@$vega_interpreter"
modules=$scratch/node_modules
to=static/vendor

# The last line names a source map that is not shipped.
publish() { sed '/^\/\/# sourceMappingURL=/d' "$1" >"$2"; }
publish "$modules/vega/build/vega.min.js" "$to/vega.min.js"
publish "$modules/vega-lite/build/vega-lite.min.js" "$to/vega-lite.min.js"

# The interpreter is published as a module only. It becomes a plain script: its one import is read from `vega`, its one export is
# put on `globalThis`. Anything else at these two places ends the renewal.
module=$modules/vega-interpreter/build/vega-interpreter.js
import="import { ascending, isString, DisallowedObjectProperties } from 'vega-util';"
export="export { expression as expressionInterpreter };"
[[ $(grep -c '^import ' "$module") == 1 && $(grep -c '^export ' "$module") == 1 ]]
grep -qFx "$import" "$module" && grep -qFx "$export" "$module"
{
  echo '(function (vega) {'
  echo '"use strict";'
  publish "$module" /dev/stdout | sed \
    -e "s/^import .*/const { ascending, isString, DisallowedObjectProperties } = vega;/" \
    -e "s/^export .*/globalThis.vegaInterpreter = { expressionInterpreter: expression };/"
  echo '})(globalThis.vega);'
} >"$to/vega-interpreter.js"

# The two minified files contain other libraries as well; each notice once, with the packages it covers.
contained="vega vega-lite vega-interpreter"
for folder in "$modules"/d3-* "$modules"/{topojson-client,delaunator,internmap,robust-predicates,json-stringify-pretty-compact,tslib}; do
  contained="$contained $(basename "$folder")"
done
declare -A packages notices
for name in $contained; do
  file=$(find "$modules/$name" -maxdepth 1 -iname 'licen*' | sort | head -n 1)
  digest=$(sha256sum "$file" | cut -c 1-16)
  packages[$digest]="${packages[$digest]:-} $name"
  notices[$digest]=$file
done
for digest in "${!packages[@]}"; do echo "${packages[$digest]# }|${notices[$digest]}"; done | LC_ALL=C sort | while IFS='|' read -r names file; do
  printf '%s\n\n' "$names" && sed 's/^/    /; s/ *$//' "$file" && echo
done >"$to/LICENSES.txt"
printf '%s %s\n' vega "$vega" vega-lite "$vega_lite" vega-interpreter "$vega_interpreter" >"$to/VERSIONS"
(cd "$to" && sha256sum LICENSES.txt VERSIONS ./*.js | sed 's# \./# #' >SHA256SUMS)
