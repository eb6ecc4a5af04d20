"""The charts of Kong and Traefik accept our values, and what they render is valid. CHARTS=DIR is the directory of
the unpacked charts kong, ingress and traefik; the default is ../shared/charts."""

import os
import pathlib
import shutil
import subprocess
import tempfile

import yaml

import core_schema
from images import references
from manifests import DEPLOY, REPOSITORY, containers, label, lookup, parse, workloads
from render import helm

# The chart of each directory, its release and further arguments.
CHARTS = {
    "kong": ("kong", "novasphere", ["--set-file", f"dblessConfig.config={DEPLOY}/kong/kong.yml"]),
    "kong-ingress": ("ingress", "novasphere-kong", []),
    "traefik": ("traefik", "novasphere-traefik", []),
}


# Where deploy/README.md sets the image.
IMAGE_VALUES = {
    "kong": "deployment.userDefinedVolumes[0].image.reference",
    "kong-ingress": "gateway.deployment.userDefinedVolumes[0].image.reference",
    "traefik": "deployment.additionalVolumes[0].image.reference",
}
IMAGE = f"registry.test/team/image@sha256:{7:064x}"


def directory():
    return pathlib.Path(os.environ.get("CHARTS", REPOSITORY.parent / "shared/charts"))


def check(_):
    present = {name: chart for name, chart in CHARTS.items() if (directory() / chart[0] / "Chart.yaml").is_file()}
    if not present:
        return [], f"no charts of Kong and Traefik in {directory()}: set CHARTS to their directory"
    return [f"{name}: {fault}" for name, chart in present.items() for fault in faults(name, *chart)], None


def unpacked(chart, target):
    """Copies a chart with the dependencies that are beside it. Others, such as a database, are turned off by our values."""
    shutil.copytree(directory() / chart, target)
    (target / "Chart.lock").unlink(missing_ok=True)
    description = yaml.safe_load((target / "Chart.yaml").read_text())
    dependencies = [one for one in description.pop("dependencies", []) if (directory() / one["name"]).is_dir()]
    for dependency in dependencies:
        dependency["version"] = ">=0.0.0-0"
        if not (target / "charts" / dependency["name"]).is_dir():
            unpacked(dependency["name"], target / "charts" / dependency["name"])
    (target / "Chart.yaml").write_text(yaml.safe_dump({**description, "dependencies": dependencies}))


def rendered(name, chart, release, arguments):
    """The finished `helm template`."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = pathlib.Path(temporary) / chart
        unpacked(chart, copy)
        command = [helm(), "template", release, str(copy), "--namespace", "novasphere-system", "--kube-version", "1.37", "--api-versions", "policy/v1/PodDisruptionBudget"]
        command += ["--set", f"{IMAGE_VALUES[name]}={IMAGE}", "--values", str(DEPLOY / name / "values.yaml"), *arguments]
        return subprocess.run(command, capture_output=True, text=True)


def faults(name, chart, release, arguments):
    run = rendered(name, chart, release, arguments)
    if run.returncode:
        yield f"helm template: {run.stderr.strip()}"
        return
    docs = parse(run.stdout)
    yield from (fault for fault in core_schema.check(docs) if not fault.endswith("missing metadata.namespace"))
    # The chart's default handler beside ours would be a second one, which the API server rejects.
    for doc, template in workloads(docs):
        for container in containers(template):
            handlers = [handler for handler in (lookup(container, "lifecycle", "preStop") or {}).values() if handler]
            if len(handlers) > 1:
                yield f"{label(doc)}: preStop has several handlers"
    if IMAGE not in [image for _, image in references(docs)]:
        yield f"no pod mounts the image {IMAGE}, as deploy/README.md sets it"
