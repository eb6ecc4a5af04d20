"""deploy/sbom.py prints reproducible, valid CycloneDX with the linked crates and no others."""

import json
import shutil
import subprocess
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from image_layout import FILTERS
from manifests import DEPLOY, REPOSITORY

# For each bill its arguments, crates that are linked, and crates used only to build or test.
BILLS = [
    (
        ["novasphere-gateway-filters", "wasm32-wasip1", *(f"novasphere-{name}-proxy-wasm" for name in FILTERS)],
        {"novasphere-core", "novasphere-proxy-wasm", "serde"},
        {"proxy-wasm", "serde_derive", "syn", "proptest", "clap"},
    ),
    (
        ["filterctl", "x86_64-unknown-linux-musl", "filterctl"],
        {"novasphere-core", "clap", "saphyr-parser"},
        {"proxy-wasm", "serde_derive", "syn", "proptest", "wasmtime"},
    ),
]


def check(_):
    if not shutil.which("cargo"):
        return [], "cargo not found"
    return [finding for bill in BILLS for finding in findings(*bill)], None


def findings(arguments, linked, not_linked):
    texts = [sbom_output(arguments), sbom_output(arguments)]
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(texts[0])
    found = [f"invalid CycloneDX 1.6: {str(error)[:300]}"] if error else []
    if texts[0] != texts[1] or str(REPOSITORY) in texts[0]:
        found.append("the output depends on the run or on the checkout's path")
    names = {component["name"] for component in json.loads(texts[0])["components"]}
    found += [f"{name} is missing" for name in linked - names]
    found += [f"{name} is not linked" for name in not_linked & names]
    return [f"{arguments[0]}: {finding}" for finding in found]


def sbom_output(arguments):
    command = [sys.executable, str(DEPLOY / "sbom.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout
