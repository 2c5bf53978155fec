#!/usr/bin/env bash
# BigQuery emulators for the tests, in a cache folder of the user; nothing is installed globally. Sourced by bin/test; as a
# program: bin/setup-bigquery.sh [local-bigquery | bqemulator | goccy]…   (without a name: the best one that can be had; --second: another one than that)
# shellcheck shell=bash

# The same folder as in packages/testkit/src/bigquery/installed.ts.
BIGQUERY_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/dbsync-tests/bigquery
BIGQUERY_PINS=$(cd "$(dirname "${BASH_SOURCE[0]}")/../packages/testkit/bigquery" && pwd)

# find_python VERSION…: prints the first Python of one of these versions that can make environments with pip.
# The shims of pyenv exist for versions that are not chosen too, so each one is tried.
find_python() {
  local version python
  for version in "$@"; do
    for python in "python$version" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version".*/bin/python3 python3 /usr/bin/python3; do
      if "$python" -c "import sys, venv, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" >/dev/null 2>&1; then
        "$python" -c 'import sys; print(sys.executable)'
        return
      fi
    done
  done
  return 1
}

# python_for EMULATOR
python_for() {
  case $1 in
    local-bigquery) find_python 3.13 ;;
    *) find_python 3.11 3.12 3.13 ;;
  esac
}

bigquery_wanted() {
  case $1 in
    goccy) cksum <"$BIGQUERY_PINS/goccy/go.sum" ;;
    *) cksum <"$BIGQUERY_PINS/$1.txt" ;;
  esac
}

# `ready` is written last: an installation that was cut short is made anew.
bigquery_present() {
  [ "$(cat "$BIGQUERY_CACHE/$1/ready" 2>/dev/null)" = "$(bigquery_wanted "$1")" ]
}

# install_bigquery EMULATOR
install_bigquery() {
  local folder=$BIGQUERY_CACHE/$1
  mkdir -p "$BIGQUERY_CACHE" || return 1
  (
    # Two at once: the second waits, and then finds it there.
    ! command -v flock >/dev/null || flock 9 || exit 1
    ! bigquery_present "$1" || exit 0
    rm -rf "$folder" && mkdir -p "$folder" && "install_$1" "$1" "$folder" && bigquery_wanted "$1" >"$folder/ready"
  ) 9>"$BIGQUERY_CACHE/$1.lock"
}

# Both are Python programs over DuckDB.
install_local-bigquery() { install_python_emulator "$@"; }
install_bqemulator() { install_python_emulator "$@"; }

install_python_emulator() {
  local emulator=$1 folder=$2 python
  python=$(python_for "$emulator") || return 1
  "$python" -m venv "$folder/venv" || return 1
  "$folder/venv/bin/python" -m pip install --disable-pip-version-check --require-hashes --only-binary :all: --no-deps -r "$BIGQUERY_PINS/$emulator.txt" || return 1
  # DuckDB looks for its extensions under the home folder only, and would download what it does not find there.
  "$folder/venv/bin/python" - "$folder/home" <<'PYTHON'
import glob, os, sys, sysconfig
import duckdb

platform = duckdb.sql('PRAGMA platform').fetchone()[0]
home = os.path.join(sys.argv[1], '.duckdb', 'extensions', f'v{duckdb.__version__}', platform)
os.makedirs(home)
for file in glob.glob(os.path.join(sysconfig.get_paths()['purelib'], 'duckdb_extension_*', 'extensions', f'v{duckdb.__version__}', '*.duckdb_extension')):
    os.symlink(file, os.path.join(home, os.path.basename(file)))
PYTHON
}

# Takes minutes and several GiB of memory to compile; never chosen by itself. go.mod and go.sum pin it.
install_goccy() {
  command -v go >/dev/null || { echo 'go was not found: install Go 1.25 or newer' >&2; return 1; }
  (cd "$BIGQUERY_PINS/goccy" && nice go build -mod=readonly -o "$2/bigquery-emulator" tool)
}

PYTHON_INSTALL='apt-get update && apt-get install -y --no-install-recommends python3 python3-venv'

# Prints the emulator to install. Debian's own Python is new enough for the second one.
choose_bigquery() {
  if [ -n "${DBSYNC_TEST_BIGQUERY:-}" ]; then
    echo "$DBSYNC_TEST_BIGQUERY"
  elif python_for local-bigquery >/dev/null; then
    echo local-bigquery
  else
    echo bqemulator
  fi
}

# choose_second FIRST: prints another emulator than that, to check it by. Fails where none can be had.
choose_second() {
  local emulator
  for emulator in bqemulator local-bigquery; do
    if [ "$emulator" != "$1" ] && python_for "$emulator" >/dev/null; then
      echo "$emulator"
      return
    fi
  done
  [ "$1" != goccy ] && command -v go >/dev/null && echo goccy
}

# Needs `step` of setup.sh. Fails, and says why, where there is none to be had.
set_up_second_bigquery() {
  local first second
  first=$(choose_bigquery)
  if ! second=$(choose_second "$first"); then
    printf 'No second BigQuery emulator can be had beside %s: that takes Python 3.13 (local-bigquery) or 3.11 (bqemulator), or Go 1.25 (goccy).\n' "$first" >&2
    return 1
  fi
  set_up_bigquery "$second"
}

# set_up_bigquery [EMULATOR…]: needs `step` of setup.sh. Fails, and says why, where there is none to be had.
set_up_bigquery() {
  local emulator failed=0
  [ $# -gt 0 ] || set -- "$(choose_bigquery)"
  for emulator in "$@"; do
    case $emulator in
      local-bigquery | bqemulator | goccy) ;;
      *) printf "There is no BigQuery emulator %s: only local-bigquery, bqemulator and goccy\n" "$emulator" >&2; return 1 ;;
    esac
    ! bigquery_present "$emulator" || continue
    if [ "$emulator" != goccy ] && ! python_for "$emulator" >/dev/null; then
      if [ "$emulator" = bqemulator ] && [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
        step 'Install Python' env DEBIAN_FRONTEND=noninteractive sh -c "$PYTHON_INSTALL"
      fi
      if ! python_for "$emulator" >/dev/null; then
        printf 'No Python was found for the BigQuery emulator %s. Install one, on Debian: %s\n' "$emulator" "sudo sh -c '$PYTHON_INSTALL'" >&2
        failed=1
        continue
      fi
    fi
    step "Install the BigQuery emulator $emulator" install_bigquery "$emulator" || failed=1
  done
  return "$failed"
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  . "$(dirname "$0")/setup.sh"
  if [ "${1:-}" = --second ]; then set_up_second_bigquery; else set_up_bigquery "$@"; fi
fi
