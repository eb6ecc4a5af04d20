"""The chart works as a dependency of the chart of an API: examples/subchart."""

import pathlib
import shutil
import subprocess
import tempfile

import yaml

import chart
from manifests import DEPLOY, of_kind, parse


def check(_):
    with tempfile.TemporaryDirectory() as directory:
        # helm writes the dependency into the chart, so work on a copy.
        copy = pathlib.Path(directory) / "deploy/examples/subchart"
        shutil.copytree(DEPLOY / "examples/subchart", copy)
        shutil.copytree(chart.CHART, pathlib.Path(directory) / "deploy/chart/novasphere-gateway")
        for command in (["dependency", "update"], ["lint", "--strict"], ["template", chart.RELEASE]):
            run = subprocess.run([chart.helm(), *command, str(copy)], capture_output=True, text=True)
            if run.returncode:
                return [f"helm {' '.join(command)}: {run.stdout.strip()} {run.stderr.strip()}"], None
        wrong = subprocess.run([chart.helm(), "template", chart.RELEASE, str(copy), "--set", "gateway.filters.cors.orgins={x}"], capture_output=True, text=True)
    files = [doc["data"] for doc in of_kind(parse(run.stdout), "ConfigMap") if "envoy.yaml" in doc["data"]]
    clusters = [c["name"] for c in yaml.safe_load(files[0]["envoy.yaml"])["static_resources"]["clusters"]] if len(files) == 1 else []
    findings = [] if "novasphere" in clusters else [f"expected one gateway with the cluster novasphere, got {clusters}"]
    if wrong.returncode == 0 or "orgins" not in wrong.stderr:
        findings.append(f"expected an error with 'orgins', got {wrong.stderr.strip() or 'none'}")
    return findings, None
