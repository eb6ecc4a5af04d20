"""The images are as Istio and Envoy Gateway fetch them, and come out the same from another place."""

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
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MAGIC = b"\0asm\x01\0\0\0"


class Wrong(Exception):
    pass


def blob(layout, entry):
    """What a descriptor is about, verified."""
    kind, digest = entry["digest"].split(":")
    data = (layout / "blobs" / kind / digest).read_bytes()
    if hashlib.sha256(data).hexdigest() != digest or len(data) != entry["size"]:
        raise Wrong(f"the blob {digest} is not what its descriptor says")
    return data


def fetched(layout):
    """The files of an image, read as those fetchers do: one manifest, its last layer, tar and gzip."""
    if json.loads((layout / "oci-layout").read_text()) != {"imageLayoutVersion": "1.0.0"}:
        raise Wrong("oci-layout")
    manifests = json.loads((layout / "index.json").read_text())["manifests"]
    if len(manifests) != 1 or manifests[0]["mediaType"] != "application/vnd.oci.image.manifest.v1+json":
        raise Wrong("not one manifest: a digest of an index cannot be pinned")
    manifest = json.loads(blob(layout, manifests[0]))
    config = json.loads(blob(layout, manifest["config"]))
    if manifest.get("annotations", {}).get("module.wasm.image/variant") != "compat":
        raise Wrong("the annotation module.wasm.image/variant is not compat")
    layers = manifest["layers"]
    if len(layers) != 1 or layers[-1]["mediaType"] != LAYER:
        raise Wrong(f"the layers are not one of {LAYER}")
    archive = gzip.decompress(blob(layout, layers[-1]))
    if config["rootfs"]["diff_ids"] != [f"sha256:{hashlib.sha256(archive).hexdigest()}"]:
        raise Wrong("diff_ids is not the digest of the archive")
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            if not member.isfile() or (member.mtime, member.uid, member.gid, member.mode) != (0, 0, 0, 0o644):
                raise Wrong(f"{member.name} is not a plain file of root, of the time 0")
            files[member.name] = members.extractfile(member).read()
    if list(files) != sorted(files):
        raise Wrong("the files are not sorted")
    return files


def faults(layout, wanted):
    try:
        files = fetched(layout)
    except (Wrong, OSError, ValueError, KeyError, EOFError, tarfile.TarError) as error:
        return [f"{layout.name}: {error}"]
    if {name: data for name, data in files.items() if name.endswith((".wasm", ".meta.json"))} != wanted:
        return [f"{layout.name}: does not hold {', '.join(wanted)} of dist"]
    if not all(data.startswith(MAGIC) for name, data in wanted.items() if name.endswith(".wasm")):
        return [f"{layout.name}: a file is no WebAssembly"]
    return []


def digests(out, dist):
    command = [sys.executable, str(DEPLOY / "image/build.py"), str(out), str(dist), "0.0.0", *FILTERS]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check(_):
    dist = REPOSITORY / "dist"
    wasm = {name: dist / f"novasphere-{name}.wasm" for name in FILTERS}
    if not all(path.is_file() for path in wasm.values()):
        return [], "the filters are not built: make wasm"
    findings = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        one, two = pathlib.Path(one), pathlib.Path(two)
        copied = two / "elsewhere/dist"
        copied.mkdir(parents=True)
        for path in wasm.values():
            shutil.copy(path, copied)
        shutil.copytree(dist / "kong", copied / "kong")
        for pattern in ("*.http.wasm", "*.traefik.yml"):
            for path in dist.glob(pattern):
                shutil.copy(path, copied)
        if digests(one / "images", dist) != digests(two / "images", copied):
            findings.append("two builds of the same files have other digests")
        for name, path in wasm.items():
            findings += faults(one / "images" / name, {"plugin.wasm": path.read_bytes()})
        findings += faults(one / "images/filters", {path.name: path.read_bytes() for path in wasm.values()})
        for_kong = [f"novasphere-{name}.{end}" for name in FILTERS for end in ("wasm", "meta.json")]
        findings += faults(one / "images/kong", {name: (dist / "kong" / name).read_bytes() for name in for_kong})
    return findings, None
