# Shared by bin/test and bin/demo: dependencies, MariaDB, build. Sourced, not run. One line a step.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT" || exit 1

# step "What it does" command…: quiet when it works, its output when it does not.
step() {
  local label=$1 started=$SECONDS log code=0
  shift
  log=$(mktemp)
  "$@" >"$log" 2>&1 || code=$?
  if [ "$code" -eq 0 ]; then
    printf '✓ %s (%s s)\n' "$label" $((SECONDS - started)) >&2
  else
    printf '✗ %s failed (exit code %s, %s s)\n' "$label" "$code" $((SECONDS - started)) >&2
    tail -n 60 "$log" >&2
  fi
  rm -f "$log"
  return "$code"
}

stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

# What the installed dependencies came from; written after every install.
dependencies_wanted() {
  cat pnpm-lock.yaml pnpm-workspace.yaml package.json packages/*/package.json test/package.json bench/package.json | cksum
}

dependencies_present() {
  [ -x node_modules/.bin/tsc ] && [ -e packages/cli/node_modules ] && [ -e test/node_modules ] &&
    [ "$(cat node_modules/.dbsync-installed 2>/dev/null)" = "$(dependencies_wanted)" ]
}

install_dependencies() {
  # CI: no questions, whatever is there already.
  CI=true npx -y pnpm@12 install --frozen-lockfile && dependencies_wanted >node_modules/.dbsync-installed
}

find_mariadbd() {
  PATH="$PATH:/usr/sbin:/usr/local/sbin:/usr/libexec:/usr/local/bin:/opt/homebrew/bin" command -v mariadbd >/dev/null
}

MARIADB_INSTALL='apt-get update && apt-get install -y --no-install-recommends mariadb-server'

# Only its programs are wanted: a policy of "no service may start" keeps the package from starting a server of its own.
install_mariadb() {
  local policy=/usr/sbin/policy-rc.d ours=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && ours=yes
  fi
  local code=0
  (export DEBIAN_FRONTEND=noninteractive && eval "$MARIADB_INSTALL") || code=$?
  [ -z "$ours" ] || rm -f "$policy"
  return "$code"
}

# Tests that sit at a terminal get it from `script`. Debian always has it; small images may not.
SCRIPT_INSTALL='apt-get update && apt-get install -y --no-install-recommends bsdutils'

set_up_terminal() {
  command -v script >/dev/null && return
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    step 'Install script (a terminal for tests)' sh -c "$SCRIPT_INSTALL" || exit 1
  fi
  command -v script >/dev/null || stop "script was not found. Install it with: sudo sh -c '$SCRIPT_INSTALL'"
}

set_up() {
  command -v npx >/dev/null || stop 'npx was not found. Install Node.js 20 or newer with npm, on Debian: apt-get install -y nodejs npm'
  dependencies_present || step 'Install dependencies' install_dependencies || exit 1
  if ! find_mariadbd; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      step 'Install MariaDB (its programs only, no server is started)' install_mariadb || exit 1
    fi
    find_mariadbd || stop "mariadbd was not found. Install it with: sudo sh -c '$MARIADB_INSTALL'"
  fi
  # The workspace brings its own Node.
  PATH="$ROOT/node_modules/.bin:$PATH"
  export PATH
  step 'Build' tsc -b || exit 1
  step 'Bundle' node scripts/bundle.ts || exit 1
}
