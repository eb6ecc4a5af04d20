"""The make targets that deploy show the changes before they make them, name every image by digest, keep shared
resources, and serve new routes of Kong Ingress Controller only after helm test."""

import os
import pathlib
import subprocess
import tempfile

from images import OWN
from manifests import HOSTS, REPOSITORY, STORES, kubectl
from render import helm

# Fake programs: they record their calls and act as a cluster. What needs no cluster runs in the real ones.
FAKE = """#!/bin/bash
echo "$(basename "$0") $*" >> "$CALLS"
case $1 in
kustomize | template) exec "$(dirname "$0")/real-$(basename "$0")" "$@" ;;
config) echo test-cluster ;;
diff) cat >> "$SHOWN"; exit 1 ;;
get) [ "$2" = values ] && echo "$VALUES" || exit "$NO_NAMESPACE" ;;
test) exit "$NO_FILTERS" ;;
status) exit "$NO_RELEASE" ;;
esac
"""
# The values of a release of Kong Ingress Controller whose routes clients reach, and of another one.
SERVED, PREPARED = "kongIngress:\n  served:\n  - default", "kongIngress:\n  service: proxy"
IMAGES = ("cors", "filters", "gateway", "header-transform", "jwt-auth", "kong", "rate-limit", "traefik")


class Run:
    """A finished make, its calls and what kubectl diff got."""

    def __init__(self, *arguments, **environment):
        with tempfile.TemporaryDirectory() as directory:
            directory = pathlib.Path(directory)
            for name, real in (("kubectl", kubectl()), ("helm", helm())):
                (directory / f"real-{name}").symlink_to(real)
                (directory / name).write_text(FAKE)
                (directory / name).chmod(0o755)
            calls, shown = directory / "calls", directory / "shown"
            environment = {
                "PATH": os.environ["PATH"], "CALLS": str(calls), "SHOWN": str(shown), "NO_NAMESPACE": "0", "NO_RELEASE": "0",
                "NO_FILTERS": "0", "VALUES": SERVED, **environment,
            }
            command = ["make", "--no-print-directory", f"KUBECTL={directory}/kubectl", f"HELM={directory}/helm", *arguments]
            self.done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=REPOSITORY)
            self.calls = calls.read_text().splitlines() if calls.exists() else []
            self.shown = shown.read_text() if shown.exists() else ""

    def verbs(self):
        return [" ".join(call.split()[:2]) for call in self.calls]

    def failure(self):
        return f"{self.done.stdout[-500:]} {self.done.stderr.strip()}"


def check(_):
    if not (REPOSITORY / "dist/images/digests").is_file():
        return [], "no images: run make image"
    findings = []
    for host in HOSTS:
        findings += [f"{host}: {fault}" for fault in of_host(host)]
    for store in STORES:
        findings += [f"{store}: {fault}" for fault in of_store(store)]
    findings += [f"kong-ingress: {fault}" for fault in steps_of_kong_ingress()]
    if Run("deploy-gateway-envoy").done.returncode == 0:
        findings.append("deploy-gateway-envoy: must fail without REGISTRY")
    return findings, None


def of_host(host):
    registry = "REGISTRY=registry.test/team"
    run = Run(f"deploy-gateway-{host}", registry)
    verbs = run.verbs()
    if run.done.returncode or "helm upgrade" not in verbs:
        yield f"must install: {run.failure()}"
    elif verbs.index("kubectl diff") > verbs.index("kubectl apply") or "test-cluster" not in run.done.stdout:
        yield f"must show the cluster and the diff before any change, got {verbs}"
    if OWN in run.shown or any(f"registry.test/team/{name}:" in run.shown for name in IMAGES):
        yield "an image has no digest or another registry"
    run = Run(f"deploy-gateway-{host}", registry, "DRY_RUN=1")
    changing = {"kubectl apply", "helm upgrade", "helm install", "helm test"} & set(run.verbs())
    if run.done.returncode or changing or "kubectl diff" not in run.verbs():
        yield f"DRY_RUN=1 must only show the changes, got {run.verbs()}: {run.failure()}"
    run = Run(f"deploy-gateway-{host}", registry, "DRY_RUN=1", NO_NAMESPACE="1")
    if run.done.returncode or "kubectl diff" in run.verbs() or "kind: Namespace" not in run.done.stdout:
        yield f"without the namespace, it must print the manifests, got {run.verbs()}: {run.failure()}"
    run = Run(f"undeploy-gateway-{host}")
    expected = f"helm uninstall novasphere-gateway-{host.removesuffix('-portable')} "
    if run.done.returncode or len(run.calls) != 1 or not run.calls[0].startswith(expected):
        yield f"must only remove its release, got {run.calls}: {run.failure()}"


def of_store(store):
    run = Run(f"deploy-{store}")
    verbs = run.verbs()
    if run.done.returncode or "kubectl apply" not in verbs or verbs.index("kubectl diff") > verbs.index("kubectl apply"):
        yield f"must show the diff and apply, got {verbs}: {run.failure()}"
    if "kubectl apply" in Run(f"deploy-{store}", "DRY_RUN=1").verbs():
        yield "DRY_RUN=1 must apply nothing"
    run = Run(f"undeploy-{store}")
    if run.done.returncode or len(run.calls) != 1 or not run.calls[0].endswith(f"-k deploy/{store}"):
        yield f"must only delete deploy/{store}, got {run.calls}"


def steps_of_kong_ingress():
    for state, environment, expected in (
        ("without a release", {"NO_RELEASE": "1", "VALUES": PREPARED}, ["install", "test", "upgrade"]),
        ("after a failed test", {"VALUES": PREPARED}, ["test", "upgrade"]),
        ("with served routes", {}, ["upgrade"]),
        ("if the test fails", {"VALUES": PREPARED, "NO_FILTERS": "1"}, ["test"]),
    ):
        run = Run("deploy-gateway-kong-ingress", "REGISTRY=registry.test/team", **environment)
        steps = [call for call in run.calls if call.split()[1] in ("install", "test", "upgrade")]
        served = [call for call in steps if "kongIngress.served" in call]
        if [call.split()[1] for call in steps] != expected or served != [call for call in steps if call.split()[1] == "upgrade"]:
            yield f"{state}: expected {expected}, and kongIngress.served in the upgrade alone, got {steps}: {run.failure()}"
