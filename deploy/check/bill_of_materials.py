"""deploy/sbom.py prints valid CycloneDX, always the same, with the crates that are linked in."""

import json
import shutil
import subprocess
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from image_layout import FILTERS
from manifests import DEPLOY, REPOSITORY

# Some are linked in, others only run when the filters are built.
WITHIN = {"novasphere-core", "novasphere-proxy-wasm", "serde"}
NOT_WITHIN = {"proxy-wasm", "serde_derive", "syn", "proptest"}


def check(_):
    if not shutil.which("cargo"):
        return [], "there is no cargo"
    texts = [printed(), printed()]
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(texts[0])
    findings = [f"not CycloneDX 1.6: {str(error)[:300]}"] if error else []
    if texts[0] != texts[1] or str(REPOSITORY) in texts[0]:
        findings.append("it differs from run to run, or from place to place")
    names = {component["name"] for component in json.loads(texts[0])["components"]}
    findings += [f"{name} is missing" for name in WITHIN - names]
    findings += [f"{name} is no part of the filters" for name in NOT_WITHIN & names]
    return findings, None


def printed():
    command = [sys.executable, str(DEPLOY / "sbom.py"), *FILTERS]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout
