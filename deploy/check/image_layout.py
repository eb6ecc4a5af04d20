"""The images have the form that Istio and Envoy Gateway fetch, and their build is reproducible."""

import gzip
import hashlib
import io
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from manifests import DEPLOY, REPOSITORY

FILTERS = re.search(r"^FILTERS := (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE).group(1).split()
PROGRAMS = ["filterctl-linux-aarch64", "filterctl-linux-x86_64"]
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MAGIC = b"\0asm\x01\0\0\0"


class InvalidLayout(Exception):
    pass


def blob(layout, entry):
    """The verified content behind a descriptor."""
    kind, digest = entry["digest"].split(":")
    data = (layout / "blobs" / kind / digest).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest or len(data) != entry["size"]:
        raise InvalidLayout(f"blob {digest}: digest or size differs from the descriptor")
    return data


def image_files(layout):
    """The files of an image, read like Istio and Envoy Gateway do: one manifest, last layer, gzip, tar."""
    if json.loads((layout / "oci-layout").read_text()) != {"imageLayoutVersion": "1.0.0"}:
        raise InvalidLayout("oci-layout: expected imageLayoutVersion 1.0.0")
    manifests = json.loads((layout / "index.json").read_text())["manifests"]
    if len(manifests) != 1 or manifests[0]["mediaType"] != "application/vnd.oci.image.manifest.v1+json":
        raise InvalidLayout("expected a single image manifest: the digest of an index cannot be pinned")
    manifest = json.loads(blob(layout, manifests[0]))
    config = json.loads(blob(layout, manifest["config"]))
    if manifest.get("annotations", {}).get("module.wasm.image/variant") != "compat":
        raise InvalidLayout("expected the annotation module.wasm.image/variant: compat")
    layers = manifest["layers"]
    if len(layers) != 1 or layers[-1]["mediaType"] != LAYER:
        raise InvalidLayout(f"expected a single layer of type {LAYER}")
    archive = gzip.decompress(blob(layout, layers[-1]))
    if config["rootfs"]["diff_ids"] != [f"sha256:{hashlib.sha256(archive).hexdigest()}"]:
        raise InvalidLayout("diff_ids differs from the digest of the archive")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            mode = 0o755 if member.name in PROGRAMS else 0o644
            if not member.isfile() or (member.mtime, member.uid, member.gid, member.mode) != (0, 0, 0, mode):
                raise InvalidLayout(f"{member.name}: expected a regular file of root with mode {mode:04o} and time 0")
            files[member.name] = members.extractfile(member).read()
    if list(files) != sorted(files):
        raise InvalidLayout("expected sorted files")
    return files


def faults(layout, expected):
    try:
        files = image_files(layout)
    except (InvalidLayout, OSError, ValueError, KeyError, EOFError, tarfile.TarError) as error:
        return [f"{layout.name}: {error}"]
    if {name: data for name, data in files.items() if name.endswith((".wasm", ".meta.json", *PROGRAMS))} != expected:
        return [f"{layout.name}: expected exactly these files of dist: {', '.join(expected)}"]
    if not all(data.startswith(MAGIC) for name, data in expected.items() if name.endswith(".wasm")):
        return [f"{layout.name}: a .wasm file is not WebAssembly"]
    return []


def digests(out, dist):
    command = [sys.executable, str(DEPLOY / "image/build.py"), str(out), str(dist), "0.0.0", *FILTERS]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check(_):
    dist = REPOSITORY / "dist"
    wasm = {name: dist / f"novasphere-{name}.wasm" for name in FILTERS}
    programs = [dist / name for name in PROGRAMS]
    if not all(path.is_file() for path in [*wasm.values(), *programs]):
        return [], "filters not built: run make wasm filterctl-release"
    findings = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        one, two = pathlib.Path(one), pathlib.Path(two)
        copied = two / "elsewhere/dist"
        copied.mkdir(parents=True)
        for path in [*wasm.values(), *programs]:
            shutil.copy(path, copied)
        shutil.copytree(dist / "kong", copied / "kong")
        for pattern in ("*.http.wasm", "*.traefik.yml"):
            for path in dist.glob(pattern):
                shutil.copy(path, copied)
        if digests(one / "images", dist) != digests(two / "images", copied):
            findings.append("two builds of the same files have different digests")
        for name, path in wasm.items():
            findings += faults(one / "images" / name, {"plugin.wasm": path.read_bytes()})
        findings += faults(one / "images/filters", {path.name: path.read_bytes() for path in [*wasm.values(), *programs]})
        for_kong = [f"novasphere_{name.replace('-', '_')}.{end}" for name in FILTERS for end in ("wasm", "meta.json")]
        findings += faults(one / "images/kong", {name: (dist / "kong" / name).read_bytes() for name in for_kong})
    return findings, None
