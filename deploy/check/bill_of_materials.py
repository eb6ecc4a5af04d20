"""deploy/sbom.py prints reproducible, valid CycloneDX with the linked crates and no others."""

import json
import shutil
import subprocess
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from image_layout import FILTERS
from manifests import DEPLOY, REPOSITORY

# Crates linked into the filters, and crates used only to build or test them.
LINKED = {"novasphere-core", "novasphere-proxy-wasm", "serde"}
NOT_LINKED = {"proxy-wasm", "serde_derive", "syn", "proptest"}


def check(_):
    if not shutil.which("cargo"):
        return [], "cargo not found"
    texts = [sbom_output(), sbom_output()]
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(texts[0])
    findings = [f"invalid CycloneDX 1.6: {str(error)[:300]}"] if error else []
    if texts[0] != texts[1] or str(REPOSITORY) in texts[0]:
        findings.append("the output depends on the run or on the checkout's path")
    names = {component["name"] for component in json.loads(texts[0])["components"]}
    findings += [f"{name} is missing" for name in LINKED - names]
    findings += [f"{name} is not linked into the filters" for name in NOT_LINKED & names]
    return findings, None


def sbom_output():
    command = [sys.executable, str(DEPLOY / "sbom.py"), *FILTERS]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout
