#!/usr/bin/env python3
"""Replaces the placeholder registry in manifests and pins the filter images by digest.

    kubectl kustomize deploy/envoy | deploy/pin.py REGISTRY dist/images/digests

REGISTRY is where the images were pushed, for example ghcr.io/novasphere. Third-party images without
a digest are listed on standard error.
"""

import pathlib
import re
import sys

OWN = re.compile(r"registry\.example\.com/novasphere/([a-z-]+):([\w.-]+)")
ANY_IMAGE = re.compile(r"^\s*-?\s*image: (\S+)$", re.MULTILINE)


def main(registry, digests):
    known = dict(line.split()[::2] for line in pathlib.Path(digests).read_text().splitlines())
    missing = set()

    def pin(found):
        name = found[1]
        if name not in known:
            missing.add(name)
        return f"{registry}/{name}@{known.get(name)}"

    text = OWN.sub(pin, sys.stdin.read())
    if missing:
        sys.exit(f"{digests}: no digest for {', '.join(sorted(missing))}: run make image")
    for image in sorted(set(ANY_IMAGE.findall(text))):
        if "@sha256:" not in image:
            print(f"not pinned by digest: {image}", file=sys.stderr)
    print(text, end="")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
