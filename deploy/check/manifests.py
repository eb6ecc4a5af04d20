"""Builds the manifests as kubectl applies them, and looks things up in them."""

import os
import pathlib
import shutil
import subprocess
import sys

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = DEPLOY.parent
HOSTS = ["envoy", "envoy-portable", "envoy-gateway", "istio", "kong", "kong-ingress", "traefik"]
STORES = ["redis", "redis-external"]
NAMES = ["common", "monitoring", "api-only-by-gateway", *HOSTS, *STORES]


def kubectl():
    """$KUBECTL, the installed kubectl, or the one from requirements-tools.txt."""
    return os.environ.get("KUBECTL") or shutil.which("kubectl") or newest_kubectl()


def newest_kubectl():
    """The kubectl of requirements-tools.txt."""
    return str(pathlib.Path(sys.executable).parent / "kubectl")


def build(name, program=None):
    """The rendered kustomization as YAML text."""
    command = [program or kubectl(), "kustomize", str(DEPLOY / name)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{name}: kubectl kustomize: {run.stderr.strip()}")
    return run.stdout


# The loader of libyaml is faster.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse(text):
    return [doc for doc in yaml.load_all(text, Loader=LOADER) if doc]


def label(doc):
    """A resource's name in findings: Kind/name."""
    return f"{doc.get('kind')}/{doc.get('metadata', {}).get('name')}"


def lookup(value, *path):
    """The value at a path, or None."""
    for name in path:
        if isinstance(value, list) and isinstance(name, int):
            value = value[name] if name < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def of_kind(docs, *kinds):
    return [doc for doc in docs if doc.get("kind") in kinds]


def has_resource(docs, kind, name, namespace):
    return any(
        lookup(doc, "metadata", "name") == name and lookup(doc, "metadata", "namespace") == namespace
        for doc in of_kind(docs, kind)
    )


def workloads(docs):
    """Each workload with its pod template."""
    for doc in of_kind(docs, "Deployment", "StatefulSet", "DaemonSet"):
        yield doc, lookup(doc, "spec", "template") or {}


def containers(template, init=True):
    spec = template.get("spec") or {}
    return (spec.get("initContainers") or [] if init else []) + (spec.get("containers") or [])


def walk(value, path=()):
    """All nested values with their paths, the value itself first."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from walk(item, (*path, name))
