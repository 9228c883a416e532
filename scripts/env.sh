# SPDX-License-Identifier: MIT
# Sourced by the other scripts: the paths they share, and how they speak.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
toolchain=$root/.toolchain

# Our own Emscripten, when scripts/setup had to fetch one, goes before an older one on PATH.
if [ -e "$toolchain/bin/emcc" ]; then
  PATH=$toolchain/bin:$PATH
  unset EM_CONFIG EM_CACHE EMSDK_PYTHON
fi
export PATH

node26=$root/js/node_modules/node26/bin/node
node20=$root/js/node_modules/node20/bin/node
node14=$root/js/node_modules/node14/bin/node

say() { printf '%s: %s\n' "${0##*/}" "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# slowly LABEL COMMAND...: run a command that takes a while, its output in a log, with a sign of
# life every ten seconds. On failure show the log's end, then one sentence ($hint), and return the
# command's status. Call it as a plain command, never in `if` or before `||`: bash would then ignore
# `set -e` inside COMMAND.
slowly() {
  local label=$1 log start pid waited=0
  shift
  mkdir -p "$root/build/logs"
  log=$root/build/logs/setup-$(printf '%s' "$label" | tr -cs 'A-Za-z0-9' '-').log
  start=$SECONDS
  say "$label ..."
  # A process group of its own, so that an interruption ends the command's own children too.
  set -m
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  trap 'kill -- "-$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    waited=$((waited + 1))
    if [ $((waited % 50)) -eq 0 ]; then say "  $label: still at it, $((SECONDS - start)) s"; fi
  done
  trap - INT TERM
  if wait "$pid"; then
    say "$label: done in $((SECONDS - start)) s"
  else
    local status=$?
    tail -n 25 "$log" >&2
    say "$label failed${hint:+: $hint} (the whole log: $log)" >&2
    return "$status"
  fi
}

# configure NAME OPTIONS...: make the Meson build folder build/NAME, unless it is there. Meson writes
# build.ninja last, so an interrupted run is done again.
configure() {
  local folder=$root/build/$1
  shift
  if [ ! -e "$folder/build.ninja" ]; then
    rm -rf "$folder"
    mkdir -p "$root/build"
    meson setup "$folder" "$root" --werror "$@" >"$folder.log" || {
      cat "$folder.log" >&2
      die "Meson could not configure $folder"
    }
  fi
}

# rust_for_wasm: the path of a rustc that compiles for wasm32-unknown-unknown too, on PATH or Debian's.
rust_for_wasm() {
  local rustc
  for rustc in "$(command -v rustc)" /usr/bin/rustc; do
    if [ -x "$rustc" ] && [ -d "$("$rustc" --print target-libdir --target wasm32-unknown-unknown)" ]; then
      echo "$rustc"
      return
    fi
  done
  return 1
}
