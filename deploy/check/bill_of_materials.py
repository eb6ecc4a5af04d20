"""make sbom writes reproducible, valid CycloneDX and SPDX with the linked crates and no others."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from manifests import REPOSITORY

# For each bill, crates that are linked, and crates used only to build or test.
BILLS = {
    "sbom": (
        {"novasphere-core", "novasphere-proxy-wasm", "novasphere-http-wasm", "serde"},
        {"proxy-wasm", "serde_derive", "syn", "proptest", "clap"},
    ),
    "native": (
        {"novasphere-core", "novasphere-envoy-module", "serde"},
        {"novasphere-proxy-wasm", "serde_derive", "proptest", "clap"},
    ),
    "filterctl": ({"novasphere-core", "clap", "saphyr-parser"}, {"proxy-wasm", "serde_derive", "syn", "proptest", "wasmtime"}),
    "images": (
        {"novasphere-proxy-wasm", "novasphere-http-wasm", "novasphere-envoy-module", "filterctl", "copy-filters"},
        {"proxy-wasm", "serde_derive", "syn", "proptest", "wasmtime"},
    ),
}


def check(_):
    if not shutil.which("cargo"):
        return [], "cargo not found"
    with tempfile.TemporaryDirectory() as directory:
        commands = subprocess.run(["make", "--dry-run", "--no-print-directory", "sbom"], capture_output=True, text=True, check=True, cwd=REPOSITORY)
        texts = written(commands.stdout, pathlib.Path(directory) / "one")
        first = "".join(line for line in commands.stdout.splitlines(keepends=True) if "dist/sbom" in line or "mkdir" in line)
        again = written(first, pathlib.Path(directory) / "two")
    findings = [f"{name}: two runs differ" for name, text in again.items() if text != texts[name]]
    findings += [f"{name}: contains the path of the checkout" for name, text in texts.items() if str(REPOSITORY) in text]
    if texts.keys() != {f"{name}.{form}.json" for name in BILLS for form in ("cdx", "spdx")}:
        return [f"make sbom writes {sorted(texts)}"], None
    for name, crates in BILLS.items():
        findings += [f"{name}: {fault}" for fault in faults(texts[f"{name}.cdx.json"], texts[f"{name}.spdx.json"], *crates)]
    return findings, None


def written(commands, directory):
    """The files that the commands of make sbom write, into another directory than dist."""
    commands = re.sub(r"\bdist\b", str(directory), commands)
    subprocess.run(["bash", "-e"], input=commands, text=True, check=True, cwd=REPOSITORY, env=os.environ)
    return {path.name: path.read_text() for path in directory.iterdir()}


def faults(cyclonedx, spdx, linked, not_linked):
    if error := JsonStrictValidator(SchemaVersion.V1_6).validate_str(cyclonedx):
        yield f"invalid CycloneDX 1.6: {str(error)[:300]}"
    yield from (f"invalid SPDX 2.3: {message}" for message in spdx_faults(spdx))
    # The first package of SPDX is the whole.
    for form, parts in (("CycloneDX", json.loads(cyclonedx)["components"]), ("SPDX", json.loads(spdx)["packages"][1:])):
        names = {part["name"] for part in parts}
        yield from (f"{form}: {name} is missing" for name in linked - names)
        yield from (f"{form}: {name} is not linked" for name in not_linked & names)


def spdx_faults(text):
    with tempfile.NamedTemporaryFile("w", suffix=".spdx.json") as file:
        file.write(text)
        file.flush()
        return [message.validation_message[:300] for message in validate_full_spdx_document(parse_file(file.name))]
