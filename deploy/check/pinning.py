"""deploy/pin.py writes registry and digest into every reference to a filter image."""

import subprocess
import sys
import tempfile

import images
from image_layout import FILTERS
from manifests import DEPLOY, parse

NAMES = (*FILTERS, "kong", "traefik", "filters")


def pinned(text, lines):
    with tempfile.NamedTemporaryFile("w") as digests:
        digests.write("".join(lines))
        digests.flush()
        command = [sys.executable, str(DEPLOY / "pin.py"), "registry.test/team", digests.name]
        return subprocess.run(command, input=text, capture_output=True, text=True)


def check(built):
    lines = [f"{name} 0.1.0 sha256:{n:064x}\n" for n, name in enumerate(NAMES)]
    findings = []
    for name, text in built.items():
        run = pinned(text, lines)
        if run.returncode:
            findings.append(f"{name}: {run.stderr.strip()}")
            continue
        for resource, image in images.references(parse(run.stdout)):
            if images.OWN in image or (image.startswith("registry.test/team/") and "@sha256:" not in image):
                findings.append(f"{name}: {resource}: {image} is not pinned")
    for path in sorted(DEPLOY.glob("*/values.yaml")):
        run = pinned(path.read_text(), lines)
        if run.returncode or images.OWN in run.stdout or "@sha256:" not in run.stdout:
            findings.append(f"{path.parent.name}/values.yaml: images are not pinned: {run.stderr.strip()}")
    if pinned(built["envoy"], lines[:-1]).returncode == 0:
        findings.append("pin.py must fail if dist/images/digests lacks an image")
    return findings, None
