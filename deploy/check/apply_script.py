"""deploy/apply.sh shows what will change before it changes it, and leaves what others need."""

import os
import pathlib
import subprocess
import tempfile

from manifests import DEPLOY, HOSTS, REPOSITORY, STORES, kubectl, label, parse

# Notes what it is asked, and answers as a cluster with the namespace; builds as the real one does.
STAND_IN = """#!/bin/bash
echo "$*" >> "$CALLS"
case $1 in
kustomize) exec "$REAL" "$@" ;;
config) echo test-cluster ;;
diff) exit 1 ;;
get) if [ "$2" = namespace ]; then exit "$NO_NAMESPACE"; else echo deployment.apps/gateway; fi ;;
esac
"""


def run(action, host, **environment):
    """What it printed, and what kubectl was asked."""
    with tempfile.TemporaryDirectory() as directory:
        program, calls = pathlib.Path(directory) / "kubectl", pathlib.Path(directory) / "calls"
        program.write_text(STAND_IN)
        program.chmod(0o755)
        environment = {
            **os.environ, "KUBECTL": str(program), "REAL": kubectl(), "CALLS": str(calls),
            "REGISTRY": "registry.test/team", "NO_NAMESPACE": "0", **environment,
        }
        done = subprocess.run([str(DEPLOY / "apply.sh"), action, host], capture_output=True, text=True, env=environment)
        asked = calls.read_text().splitlines() if calls.exists() else []
        return done, [call.split()[0] for call in asked]


def check(built):
    if not (REPOSITORY / "dist/images/digests").is_file():
        return [], "there are no images: make image"
    findings = []
    # Others may need them too.
    shared = {label(doc) for part in ("common", "monitoring") for doc in parse(built[part])}
    for host in (*HOSTS, *STORES):
        done, asked = run("apply", host, **({"REGISTRY": ""} if host in STORES else {}))
        if done.returncode:
            findings.append(f"{host}: apply fails: {done.stderr.strip()}")
        elif asked.index("diff") > asked.index("apply") or "test-cluster" not in done.stdout:
            findings.append(f"{host}: does not show what it will do first: {asked}")
        done, asked = run("apply", host, DRY_RUN="1")
        if done.returncode or "apply" in asked or "diff" not in asked:
            findings.append(f"{host}: DRY_RUN: {asked} {done.stderr.strip()}")
        done, asked = run("apply", host, NO_NAMESPACE="1")
        if done.returncode or "diff" in asked or "kind: Namespace" not in done.stdout:
            findings.append(f"{host}: without the namespace: {asked} {done.stderr.strip()}")
        done, asked = run("delete", host, REGISTRY="")
        named = {label(doc) for doc in parse(built[host])}
        told = all(f"kind: {name.split('/')[0]}\n" in done.stdout for name in named)
        if done.returncode or "delete" not in asked or not told or shared & named:
            findings.append(f"{host}: delete: {asked} {done.stdout} {done.stderr.strip()}")
    if run("apply", "envoy", REGISTRY="")[0].returncode == 0:
        findings.append("without REGISTRY it goes on")
    return findings, None
