"""deploy/apply.sh shows the changes before it applies them, keeps shared resources on delete, and deletes the
routes of Kong Ingress Controller before their filters."""

import os
import pathlib
import subprocess
import tempfile

from manifests import DEPLOY, HOSTS, REPOSITORY, STORES, kubectl, label, parse

# A fake kubectl: records its calls, acts as a cluster, and runs the real `kustomize`.
FAKE_KUBECTL = """#!/bin/bash
echo "$*" >> "$CALLS"
case $1 in
kustomize) exec "$REAL" "$@" ;;
config) echo test-cluster ;;
diff) exit 1 ;;
get) if [ "$2" = namespace ]; then exit "$NO_NAMESPACE"; else echo deployment.apps/gateway; fi ;;
esac
"""


def run(action, host, **environment):
    """The finished process and its calls of kubectl."""
    with tempfile.TemporaryDirectory() as directory:
        program, calls = pathlib.Path(directory) / "kubectl", pathlib.Path(directory) / "calls"
        program.write_text(FAKE_KUBECTL)
        program.chmod(0o755)
        environment = {
            **os.environ, "KUBECTL": str(program), "REAL": kubectl(), "CALLS": str(calls),
            "REGISTRY": "registry.test/team", "NO_NAMESPACE": "0", **environment,
        }
        done = subprocess.run([str(DEPLOY / "apply.sh"), action, host], capture_output=True, text=True, env=environment)
        lines = calls.read_text().splitlines() if calls.exists() else []
        return done, lines


def subcommands(calls):
    return [call.split()[0] for call in calls]


def check(built):
    if not (REPOSITORY / "dist/images/digests").is_file():
        return [], "no images: run make image"
    findings = []
    # Other gateways may use these, so delete must not remove them.
    shared = {label(doc) for part in ("common", "monitoring") for doc in parse(built[part])}
    for host in (*HOSTS, *STORES):
        done, calls = run("apply", host, **({"REGISTRY": ""} if host in STORES else {}))
        called = subcommands(calls)
        if done.returncode:
            findings.append(f"{host}: apply fails: {done.stderr.strip()}")
        elif called.index("diff") > called.index("apply") or "test-cluster" not in done.stdout:
            findings.append(f"{host}: must show the diff and the cluster before apply, got {called}")
        done, calls = run("apply", host, DRY_RUN="1")
        called = subcommands(calls)
        if done.returncode or "apply" in called or "diff" not in called:
            findings.append(f"{host}: DRY_RUN=1 must run diff and not apply, got {called}: {done.stderr.strip()}")
        done, calls = run("apply", host, NO_NAMESPACE="1")
        called = subcommands(calls)
        if done.returncode or "diff" in called or "kind: Namespace" not in done.stdout:
            findings.append(f"{host}: without the namespace it must print the manifests and skip diff, got {called}: {done.stderr.strip()}")
        done, calls = run("delete", host, REGISTRY="")
        called = subcommands(calls)
        own = {label(doc) for doc in parse(built[host])}
        listed = all(f"kind: {name.split('/')[0]}\n" in done.stdout for name in own)
        if done.returncode or "delete" not in called or not listed or shared & own:
            findings.append(f"{host}: delete must list its resources and keep shared ones, got {called} {done.stdout} {done.stderr.strip()}")
    deleted = [call for call in run("delete", "kong-ingress")[1] if call.startswith("delete")]
    if len(deleted) != 2 or not deleted[0].endswith("deploy/kong-ingress/ingress.yaml"):
        findings.append(f"kong-ingress: delete must remove the Ingresses first, got {deleted}")
    if run("delete", "kong-ingress", DRY_RUN="1")[1][-1].startswith("delete"):
        findings.append("kong-ingress: DRY_RUN=1 must delete nothing")
    if run("apply", "envoy", REGISTRY="")[0].returncode == 0:
        findings.append("apply must fail without REGISTRY")
    return findings, None
