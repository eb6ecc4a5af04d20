"""deploy/sbom.py prints reproducible, valid CycloneDX and SPDX with the linked crates and no others."""

import json
import shutil
import subprocess
import sys
import tempfile

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

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
    texts = {form: sbom_output(form, arguments) for form in ("cyclonedx", "spdx")}
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(texts["cyclonedx"])
    found = [f"invalid CycloneDX 1.6: {str(error)[:300]}"] if error else []
    found += [f"invalid SPDX 2.3: {message}" for message in spdx_faults(texts["spdx"])]
    parts = {
        "cyclonedx": json.loads(texts["cyclonedx"])["components"],
        # The first package is the whole.
        "spdx": json.loads(texts["spdx"])["packages"][1:],
    }
    for form, text in texts.items():
        if text != sbom_output(form, arguments) or str(REPOSITORY) in text:
            found.append(f"{form}: the output depends on the run or on the checkout's path")
        names = {part["name"] for part in parts[form]}
        found += [f"{form}: {name} is missing" for name in linked - names]
        found += [f"{form}: {name} is not linked" for name in not_linked & names]
    return [f"{arguments[0]}: {finding}" for finding in found]


def spdx_faults(text):
    with tempfile.NamedTemporaryFile("w", suffix=".spdx.json") as file:
        file.write(text)
        file.flush()
        return [message.validation_message[:300] for message in validate_full_spdx_document(parse_file(file.name))]


def sbom_output(form, arguments):
    command = [sys.executable, str(DEPLOY / "sbom.py"), form, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout
