#!/usr/bin/env bash
# The artifacts in dist/ do not depend on where they were built: builds the sources in another
# folder with another CARGO_HOME and compares the bytes. Run by `make test`, after `make wasm`, with
# the gateway, which has the code of all filters, and one plugin for Traefik.
# `reproducible.sh all` compares all modules, and `reproducible.sh native` the native module, after
# `make native`.
set -euo pipefail
case ${1:-gateway} in
gateway) build=(wasm FILTERS=gateway HTTP_WASM=jwt-auth) folder=dist ;;
all) build=(wasm) folder=dist ;;
native) build=(native) folder=dist/native ;;
*) echo "$1: expected gateway, all or native" >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."
elsewhere=$(mktemp -d)
trap 'rm -rf "$elsewhere"' EXIT

mkdir -p "$elsewhere/another folder/checkout" "$elsewhere/cargo/registry"
tar -c --exclude=./target --exclude=./dist --exclude='./.venv*' --exclude=./.git --exclude=./.run --exclude=./.tools \
  --exclude=node_modules --exclude=./docs/book . |
  tar -x -C "$elsewhere/another folder/checkout"
# Reuses the downloads. Cargo unpacks the sources again under the other home.
home=${CARGO_HOME:-$HOME/.cargo}
for part in index cache; do
  if [ -d "$home/registry/$part" ]; then cp -r "$home/registry/$part" "$elsewhere/cargo/registry/"; fi
done
for config in config.toml config; do
  if [ -f "$home/$config" ]; then cp "$home/$config" "$elsewhere/cargo/"; fi
done

env -u CARGO_TARGET_DIR CARGO_HOME="$elsewhere/cargo" \
  make --no-print-directory -C "$elsewhere/another folder/checkout" "${build[@]}" >"$elsewhere/log" 2>&1 ||
  { cat "$elsewhere/log"; exit 1; }
if (cd "$folder" && sha256sum --check --quiet "$elsewhere/another folder/checkout/$folder/SHA256SUMS"); then
  echo "reproducible: two builds in two folders with two CARGO_HOMEs gave the same bytes"
else
  echo "not reproducible: the files above differ between two builds of the same sources" >&2
  exit 1
fi
