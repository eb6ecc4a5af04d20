#!/usr/bin/env python3
"""Writes where the images of the filters are into manifests, by digest.

    kubectl kustomize deploy/envoy | deploy/pin.py REGISTRY dist/images/digests

REGISTRY is where they were pushed to, such as ghcr.io/novasphere. Images of others are named on
standard error when they have no digest.
"""

import pathlib
import re
import sys

OWN = re.compile(r"registry\.example\.com/novasphere/([a-z-]+):([\w.-]+)")
OTHER = re.compile(r"^\s*-?\s*image: (\S+)$", re.MULTILINE)
# Made by hand: image/Containerfile.
NOT_BUILT = {"filters-copy"}


def main(registry, digests):
    known = dict(line.split()[::2] for line in pathlib.Path(digests).read_text().splitlines())
    missing = set()

    def pin(found):
        name, version = found.groups()
        if name in NOT_BUILT:
            return f"{registry}/{name}:{version}"
        if name not in known:
            missing.add(name)
        return f"{registry}/{name}@{known.get(name)}"

    text = OWN.sub(pin, sys.stdin.read())
    if missing:
        sys.exit(f"{digests}: no digest of {', '.join(sorted(missing))}: run make image")
    for image in sorted(set(OTHER.findall(text))):
        if "@sha256:" not in image:
            print(f"not pinned by digest: {image}", file=sys.stderr)
    print(text, end="")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
