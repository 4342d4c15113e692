# Sourced by every script here: where the tools are, at which versions, and how to build.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit

# Build tools live outside the clone, so that every clone shares them.
tools=${CANDOR_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/candor/tools}
export PATH="$root/node_modules/.bin:$tools/bin:$PATH:${CARGO_HOME:-$HOME/.cargo}/bin"

# Python's packages for the tests with clients that others wrote.
# shellcheck disable=SC2034
python="$tools/python/bin/python"

# What only scripts read.
# shellcheck disable=SC2034
cargo_leptos=0.3.11
# wasm-bindgen's program must be of the very version that the crate is.
# shellcheck disable=SC2034
wasm_bindgen=$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print; exit }' Cargo.lock)

say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
# Programs only: a script may have a function of the same name.
has() { type -P "$1" >/dev/null; }

# Debian's packages, where this may install them. What apt says is shown when it fails.
may_install() {
  has apt-get && { [ "$(id -u)" = 0 ] || { has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; }; }; }
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
install_packages() {
  local log="$tools/apt.log"
  mkdir -p "$tools"
  as_root apt-get update -qq >"$log" 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    return 1
  }
}

# Whether the compiler has the standard library of the browser target.
has_browser_target() {
  local sysroot
  sysroot=$(RUSTUP_AUTO_INSTALL=0 rustc --print sysroot 2>/dev/null) || return 1
  ls "$sysroot"/lib/rustlib/wasm32-unknown-unknown/lib/libstd-*.rlib >/dev/null 2>&1
}

# Debian's compiler, where bin/setup-debian-target had to set it up, serves every cargo call.
use_debian_target() {
  if [ -z "${RUSTUP_TOOLCHAIN:-}" ] && [ -x /usr/bin/rustc ] && ! has_browser_target; then
    if RUSTUP_TOOLCHAIN=debian has_browser_target; then export RUSTUP_TOOLCHAIN=debian; fi
  fi
}
use_debian_target

# One digest of the files that standard input names.
digest() {
  if has sha256sum; then tr '\n' '\0' | xargs -0 sha256sum | sha256sum
  else tr '\n' '\0' | xargs -0 shasum -a 256 | shasum -a 256
  fi | cut -c 1-64
}

# Everything that a build is made from, in one line.
sources() {
  echo "$(rustc --version), $(
    find src style public migrations .cargo Cargo.toml Cargo.lock package.json package-lock.json rust-toolchain.toml bin/tools.sh \
      -type f ! -name '.*' ! -name '*~' | LC_ALL=C sort | digest
  )"
}

# What a build leaves behind: a debug server reads its site while it runs, a release carries it.
results() {
  if [ "$1" = debug ]; then find target/site -type f; else echo target/release/candor; fi 2>/dev/null | LC_ALL=C sort | digest
}

# What tests are built with: one set, or every switch between them would build all again.
test_features=ssr,movable-clock

# build debug|release: the server and what it sends to browsers, unless neither has changed since.
build() {
  local kind=$1 stamp="target/$1.built" made_from
  made_from=$(sources)
  if [ -x "target/$kind/candor" ] && [ -s "$stamp" ] && [ "$(cat "$stamp")" = "$made_from, $(results "$kind")" ]; then
    # The debug server is also what cargo builds for tests, maybe from other sources in between.
    if [ "$kind" = debug ]; then cargo build --quiet --no-default-features --features "$test_features" --bin candor; fi
    return
  fi
  rm -f "$stamp"
  if [ "$kind" = debug ]; then cargo leptos build --bin-features "$test_features"; else cargo leptos build --release --precompress; fi || return 1
  [ -x "target/$kind/candor" ] || return 1
  echo "$made_from, $(results "$kind")" >"$stamp"
}

# Prints the folder of PostgreSQL's programs, the newest that is there.
find_postgres() {
  local folder
  # shellcheck disable=SC2012
  for folder in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t / -k 5 -rn) \
    "$(dirname "$(type -P initdb || echo /none/none)")" \
    "$(pg_config --bindir 2>/dev/null || echo /none)" \
    $(ls -d /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin /usr/pgsql-*/bin 2>/dev/null | sort -r); do
    if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ]; then
      echo "$folder"
      return
    fi
  done
  return 1
}

# Prints a Python that is new enough for the clients.
find_python() {
  local program
  for program in python3 python3.14 python3.13 python3.12 python3.11; do
    if has "$program" && "$program" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      type -P "$program"
      return
    fi
  done
  return 1
}

# Prints the browser for the tests.
find_chromium() {
  local program
  for program in "${CHROMIUM_PATH:-}" chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Chromium.app/Contents/MacOS/Chromium" \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    if [ -n "$program" ] && has "$program"; then
      type -P "$program"
      return
    fi
  done
  # Playwright's own, if it has been downloaded.
  program=$(cd end2end && node -p 'require("playwright-core").chromium.executablePath()' 2>/dev/null) || return 1
  [ -x "$program" ] && echo "$program"
}

# ── PostgreSQL, in $work; stop_postgres ends it ──

server='' owner=''

# Its server refuses to run as root.
as_postgres() {
  if [ "$(id -u)" != 0 ]; then "$@"
  elif has runuser; then runuser -u "$owner" -- "$@"
  else su -s /bin/sh "$owner" -c 'exec "$@"' -- sh "$@"
  fi
}

# start_postgres [SETTING…]: a throw-away server on a free loopback port, with more settings such as fsync=off.
start_postgres() {
  local programs port password setting settings=''
  for setting; do settings+=" -c $setting"; done
  programs=$(find_postgres) || return 1
  owner=postgres
  id "$owner" >/dev/null 2>&1 || owner=nobody
  mkdir "$work/postgres"
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  echo "$password" >"$work/postgres/password"
  server=$programs
  if [ "$(id -u)" = 0 ]; then chown -R "$owner" "$work/postgres"; fi
  (
    cd "$work/postgres" || exit
    as_postgres "$programs/initdb" -D "$work/postgres/data" -U postgres -A scram-sha-256 --pwfile="$work/postgres/password" \
      -E UTF8 --locale=C --no-sync >/dev/null || exit
    # Somebody else may take the port between asking and using it.
    for _ in 1 2 3; do
      port=$(node -e 'const s = require("net").createServer(); s.listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')
      if as_postgres "$programs/pg_ctl" -D "$work/postgres/data" -l "$work/postgres/log" -w -t 60 start >/dev/null -o \
        "-c listen_addresses=127.0.0.1 -p $port -k $work/postgres -c max_connections=400$settings"; then
        echo "$port" >"$work/port"
        exit 0
      fi
    done
    cat "$work/postgres/log"
    exit 1
  ) || return 1
  port=$(cat "$work/port")
  export CANDOR_TEST_POSTGRES="postgres://postgres:$password@127.0.0.1:$port/postgres"
  say "PostgreSQL $("$programs/postgres" --version | awk '{ print $3 }') at 127.0.0.1:$port"
}

stop_postgres() {
  if [ -n "$server" ]; then
    (cd / && as_postgres "$server/pg_ctl" -D "$work/postgres/data" -m immediate stop >/dev/null 2>&1) || true
    server=''
  fi
}
