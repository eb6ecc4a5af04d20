#!/usr/bin/env python3
"""Packages the chart with registry and digests of the images in its values.

    package.py REGISTRY dist/images/digests OUT

REGISTRY is where the images were pushed, for example ghcr.io/novasphere. Prints the path of the package.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from render import CHART, helm  # noqa: E402

REGISTRY_LINE = re.compile(r"^  registry: \S+$", re.MULTILINE)
DIGESTS_LINE = re.compile(r"^  digests: \{\}$", re.MULTILINE)


def pinned(values, registry, digests):
    """The text of values.yaml with a registry and with digests by image name."""
    lines = "".join(f"\n    {name}: {digest}" for name, digest in digests.items())
    for pattern, text in ((REGISTRY_LINE, f"  registry: {registry}"), (DIGESTS_LINE, f"  digests:{lines}")):
        values, count = pattern.subn(text, values)
        if count != 1:
            sys.exit(f"values.yaml: expected {pattern.pattern!r} exactly once, found it {count} times")
    return values


def package(registry, digests, out, source=CHART):
    """Packages the chart and returns the path of the package. The same files give the same bytes."""
    known = dict(line.split()[::2] for line in pathlib.Path(digests).read_text().splitlines())
    with tempfile.TemporaryDirectory() as directory:
        chart = pathlib.Path(directory) / CHART.name
        shutil.copytree(source, chart)
        values = chart / "values.yaml"
        values.write_text(pinned(values.read_text(), registry, known))
        # helm package writes the times of the files into the archive, and helm push writes the archive's time into the
        # manifest.
        for path in chart.rglob("*"):
            os.utime(path, (0, 0))
        run = subprocess.run([helm(), "package", str(chart), "--destination", out], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"helm package: {run.stderr.strip()}")
    archive = run.stdout.strip().rsplit(" ", 1)[-1]
    os.utime(archive, (0, 0))
    return archive


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    print(package(*sys.argv[1:]))
