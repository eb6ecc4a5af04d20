"""Renders the chart into the directories of its hosts, for kustomize and for GitOps without helm."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
CHART = DEPLOY / "chart/novasphere-gateway"
VALUES = DEPLOY / "chart/examples/novasphere.yaml"
# kustomize users replace the registry.
REGISTRY = "registry.example.com/novasphere"
HEADER = "# Rendered from the chart with chart/examples/novasphere.yaml: edit those and run make deploy-generate.\n"
# The generators of kustomize put a hash of the configuration into its name instead.
CHECKSUM = re.compile(r"^ *annotations:\n *checksum/config: .*\n", re.MULTILINE)


def helm():
    """$HELM, the installed helm, or the one beside Python."""
    return os.environ.get("HELM") or shutil.which("helm") or str(pathlib.Path(sys.executable).parent / "helm")


def templates(*settings):
    """The rendered documents of each template, by its path without templates/."""
    command = [helm(), "template", "novasphere-gateway", str(CHART), "--namespace", "novasphere-system", "--kube-version", "1.37"]
    command += ["--values", str(VALUES), "--set", f"image.registry={REGISTRY}"]
    for setting in settings:
        command += ["--set", setting]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"helm template: {run.stderr.strip()}")
    documents = {}
    for part in run.stdout.split("---\n# Source: novasphere-gateway/templates/")[1:]:
        name, text = part.split("\n", 1)
        text = "\n".join(line.rstrip() for line in text.strip().splitlines())
        documents.setdefault(name, []).extend(f"{part.strip()}\n" for part in text.split("\n---\n"))
    return documents


def of_kind(documents, kind):
    return [text for text in documents if f"\nkind: {kind}\n" in text]


def merged(documents):
    return HEADER + "---\n".join(CHECKSUM.sub("", text) for text in documents)


def data(documents):
    """The files in ConfigMaps. Other entries are environment variables."""
    texts = (yaml.safe_load(text)["data"] for text in documents)
    return {name: HEADER + text for files in texts for name, text in files.items() if "." in name}


def envoy():
    """The files of envoy and of envoy-portable."""
    image = templates()
    names = ("serviceaccount.yaml", "service.yaml", "disruption.yaml", "networkpolicy.yaml", "envoy/deployment.yaml")
    files = {f"envoy/{pathlib.Path(name).name}": merged(image[name]) for name in names}
    # deploy/monitoring has the alerts and the dashboard of all hosts.
    files["envoy/podmonitor.yaml"] = merged(of_kind(image["monitoring.yaml"], "PodMonitor"))
    files |= {f"envoy/{name}": text for name, text in data(image["envoy/configmap.yaml"]).items()}
    files["envoy-portable/init-container.yaml"] = init_patch(templates("delivery=init")["envoy/deployment.yaml"])
    return files


def kong():
    """The files of kong."""
    image = templates("host=kong", "probePath=/api/v1/wukongs")
    names = ("serviceaccount.yaml", "service.yaml", "disruption.yaml", "networkpolicy.yaml", "kong/deployment.yaml")
    files = {f"kong/{pathlib.Path(name).name}": merged(image[name]) for name in names}
    files["kong/podmonitor.yaml"] = merged(of_kind(image["monitoring.yaml"], "PodMonitor"))
    return files | {f"kong/{name}": text for name, text in data(image["kong/configmap.yaml"]).items()}


def init_patch(documents):
    """A patch that replaces the image volume by an init container."""
    deployment = yaml.safe_load(documents[0])
    spec = deployment["spec"]["template"]["spec"]
    volume = next(volume for volume in spec["volumes"] if volume["name"] == "filters")
    patch = {
        "apiVersion": deployment["apiVersion"],
        "kind": deployment["kind"],
        "metadata": {name: deployment["metadata"][name] for name in ("name", "namespace")},
        "spec": {"template": {"spec": {"initContainers": spec["initContainers"], "volumes": [{**volume, "image": None}]}}},
    }
    return HEADER + yaml.safe_dump(patch, sort_keys=False)
