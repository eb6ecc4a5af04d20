"""The scripts of continuous integration are valid shell, and .ci/kind installs the chart with values that it accepts.
Its other programs are fake here, because a cluster needs docker. A release builds its images once, stops at a
failed command, attests each bill of materials, and names its commit in the modules."""

import os
import pathlib
import re
import subprocess
import tempfile

import yaml

import bill_of_materials
from manifests import REPOSITORY
from render import helm

FAKES = {
    **dict.fromkeys(("kind", "kubectl", "skopeo"), "#!/bin/sh\nexit 0\n"),
    # Prints the manifests instead of installing them.
    "helm": '#!/bin/sh\n[ "$1" = install ] || exit 0\nshift\nexec "$HELM_PROGRAM" template "$@" --kube-version 1.29\n',
}


def check(_):
    findings = []
    for script in sorted((REPOSITORY / ".ci").iterdir()):
        if script.suffix != ".yaml":
            run = subprocess.run(["bash", "-n", script], capture_output=True, text=True)
            findings += [f".ci/{script.name}: {run.stderr.strip()}"] if run.returncode else []
    findings += commit()
    findings += release(yaml.safe_load((REPOSITORY / ".github/workflows/release.yml").read_text()))
    if not (REPOSITORY / "dist/images/digests").is_file():
        return findings, None if findings else "no images: run make image"
    for host, image in (("envoy", "filters"), ("kong", "kong")):
        done = kind(host)
        if done.returncode or f"image: registry.example.com/novasphere/{image}:" not in done.stdout:
            findings.append(f".ci/kind {host}: expected the image {image} in an init container: {done.stdout[-300:]} {done.stderr}")
    if kind("nginx").returncode == 0:
        findings.append(".ci/kind must reject an unknown host")
    return findings, None


def release(workflow):
    """Faults of the workflow that publishes a release."""
    if workflow.get("defaults") != {"run": {"shell": "bash"}}:
        yield "release.yml: expected defaults: {run: {shell: bash}}, for pipefail"
    builds = [step["run"] for step in workflow["jobs"]["release"]["steps"] if step.get("run", "").startswith("make ")]
    if len(builds) != 1 or not all(word in builds[0] for word in (" image ", " chart ", "SOURCE=", "REGISTRY=", 'NATIVE_ARCHITECTURES="x86_64 aarch64"')):
        yield f"release.yml: expected one make for images and chart, with SOURCE, REGISTRY and both architectures, got {builds}"
    attested = {step["with"]["sbom-path"] for step in workflow["jobs"]["release"]["steps"] if "sbom-path" in step.get("with", {})}
    if attested != {f"dist/{name}.cdx.json" for name in bill_of_materials.BILLS}:
        yield f"release.yml: expected an attestation of each bill of materials, got {sorted(attested)}"


def commit():
    """Faults of the commit that make gives to the modules: a release has one, and other builds have none."""
    show = ("--eval", 'shown: ; @echo "$${NOVASPHERE_VERSION-}"', "shown")
    for source, wanted in (("https://github.com/novasphere/gateway-filters", "1a2b3c"), ("", "")):
        labels = re.findall(r'label \S+ (?:envoy|kong|traefik) (\w*) ?"', make(source, "--dry-run", "wasm"))
        logged = make(source, *show).strip()
        if labels != 3 * [wanted] or logged.partition("commit ")[2] != wanted:
            yield f"make wasm SOURCE={source}: expected the commit {wanted!r} in labels and log, got {labels} and {logged!r}"


def make(source, *arguments):
    command = ["make", "--no-print-directory", *arguments, f"SOURCE={source}", "REVISION=1a2b3c"]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout


def kind(host):
    with tempfile.TemporaryDirectory() as directory:
        for name, text in FAKES.items():
            program = pathlib.Path(directory) / name
            program.write_text(text)
            program.chmod(0o755)
        environment = {**os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "HELM_PROGRAM": helm()}
        return subprocess.run([REPOSITORY / ".ci/kind", host], capture_output=True, text=True, env=environment)
