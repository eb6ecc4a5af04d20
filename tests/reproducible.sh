#!/usr/bin/env bash
# The artifacts in dist/ do not depend on where they were built: builds the sources in another
# folder with another CARGO_HOME and compares the bytes. Run by `make test`, after `make wasm`.
# `reproducible.sh native` compares the native module instead, after `make native`.
set -euo pipefail
what=${1:-wasm}
sums=SHA256SUMS
if [ "$what" = native ]; then sums=native/SHA256SUMS; fi
cd "$(dirname "$0")/.."
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT

mkdir -p "$elsewhere/another folder/checkout" "$elsewhere/cargo/registry"
tar -c --exclude=./target --exclude=./dist --exclude='./.venv*' --exclude=./.git --exclude=./.run . |
  tar -x -C "$elsewhere/another folder/checkout"
# What was downloaded already need not be again; sources are unpacked anew under the other home.
home=${CARGO_HOME:-$HOME/.cargo}
for part in index cache; do
  if [ -d "$home/registry/$part" ]; then cp -r "$home/registry/$part" "$elsewhere/cargo/registry/"; fi
done
for config in config.toml config; do
  if [ -f "$home/$config" ]; then cp "$home/$config" "$elsewhere/cargo/"; fi
done

env -u CARGO_TARGET_DIR CARGO_HOME="$elsewhere/cargo" \
  make --no-print-directory -C "$elsewhere/another folder/checkout" "$what" >"$elsewhere/log" 2>&1 ||
  { cat "$elsewhere/log"; exit 1; }
if diff "dist/$sums" "$elsewhere/another folder/checkout/dist/$sums"; then
  echo "reproducible: two builds in two folders with two CARGO_HOMEs gave the same bytes"
else
  echo "not reproducible: the sums above differ between two builds of the same sources" >&2
  exit 1
fi
