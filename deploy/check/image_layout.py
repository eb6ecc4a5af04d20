"""The images of single filters have the form that Istio and Envoy Gateway fetch. The others are for two
architectures, and their program copies the filters. The build is reproducible."""

import gzip
import hashlib
import io
import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

from manifests import DEPLOY, REPOSITORY

FILTERS = re.search(r"^FILTERS := (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE).group(1).split()
PROGRAMS = ["filterctl-linux-aarch64", "filterctl-linux-x86_64"]
COPY = "copy-filters"
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
COPIES = {name: f"{COPY}-linux-{machine}" for name, machine in ARCHITECTURES.items()}
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
VERSION = re.search(r'^version = "(.*)"$', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE).group(1)
REVISION = 40 * "a"
NATIVE = f"libnovasphere_gateway_{re.sub('[^A-Za-z0-9]', '_', VERSION)}.so"
# The annotations of an image besides its title and description. The test builds without SOURCE.
ANNOTATIONS = {"licenses": "Apache-2.0", "revision": REVISION, "version": VERSION}
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


def root(layout):
    """The only descriptor of a layout."""
    if json.loads((layout / "oci-layout").read_text()) != {"imageLayoutVersion": "1.0.0"}:
        raise InvalidLayout("oci-layout: expected imageLayoutVersion 1.0.0")
    entries = json.loads((layout / "index.json").read_text())["manifests"]
    if len(entries) != 1:
        raise InvalidLayout("expected a single image or index")
    return entries[0]


def single_files(layout):
    """The files of an image, read like Istio and Envoy Gateway do: one manifest, last layer, gzip, tar."""
    entry = root(layout)
    if entry["mediaType"] != MANIFEST:
        raise InvalidLayout("expected a single image manifest: Istio and Envoy Gateway pin no index")
    layers = manifest_files(layout, entry)
    if len(layers) != 1:
        raise InvalidLayout("expected a single layer")
    return layers[0]


def multiple_files(layout):
    """The files of the image of each architecture."""
    entry = root(layout)
    if entry["mediaType"] != INDEX:
        raise InvalidLayout("expected an index of images")
    images = {}
    for image in json.loads(blob(layout, entry))["manifests"]:
        files = [part for layer in manifest_files(layout, image) for part in layer.items()]
        if len(dict(files)) != len(files) or image["platform"]["os"] != "linux":
            raise InvalidLayout("expected each file in one layer, for linux")
        images[image["platform"]["architecture"]] = dict(files)
    return images


def manifest_files(layout, entry):
    """The files of each layer of an image."""
    manifest = json.loads(blob(layout, entry))
    config = json.loads(blob(layout, manifest["config"]))
    if manifest.get("annotations", {}).get("module.wasm.image/variant") != "compat":
        raise InvalidLayout("expected the annotation module.wasm.image/variant: compat")
    found = {name: manifest["annotations"].get(f"org.opencontainers.image.{name}") for name in (*ANNOTATIONS, "source")}
    if found != {**ANNOTATIONS, "source": None}:
        raise InvalidLayout(f"expected the annotations {ANNOTATIONS}, got {found}")
    if entry.get("platform", {}).get("architecture", "amd64") != config["architecture"]:
        raise InvalidLayout("the platform differs from the architecture of the image")
    if any(layer["mediaType"] != LAYER for layer in manifest["layers"]):
        raise InvalidLayout(f"expected layers of type {LAYER}")
    archives = [gzip.decompress(blob(layout, layer)) for layer in manifest["layers"]]
    if config["rootfs"]["diff_ids"] != [f"sha256:{hashlib.sha256(archive).hexdigest()}" for archive in archives]:
        raise InvalidLayout("diff_ids differ from the digests of the archives")
    return [archive_files(archive) for archive in archives]


def archive_files(archive):
    files = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            mode = 0o755 if member.name in (*PROGRAMS, COPY) else 0o644
            if not member.isfile() or (member.mtime, member.uid, member.gid, member.mode) != (0, 0, 0, mode):
                raise InvalidLayout(f"{member.name}: expected a regular file of root with mode {mode:04o} and time 0")
            files[member.name] = members.extractfile(member).read()
    if list(files) != sorted(files):
        raise InvalidLayout("expected sorted files")
    return files


def faults(layout, expected):
    try:
        files = single_files(layout)
    except (InvalidLayout, OSError, ValueError, KeyError, EOFError, tarfile.TarError) as error:
        return [f"{layout.name}: {error}"]
    return differences(layout.name, files, expected)


def differences(image, files, expected):
    if files != expected:
        return [f"{image}: expected exactly these files of dist: {', '.join(expected)}"]
    if not all(data.startswith(MAGIC) for name, data in expected.items() if name.endswith(".wasm")):
        return [f"{image}: a .wasm file is not WebAssembly"]
    return []


def both(files):
    """The same files for each architecture."""
    return dict.fromkeys(COPIES, files)


def multiple_faults(layout, expected):
    """Faults of an image with the files `expected` for each architecture, and of its program."""
    try:
        images = multiple_files(layout)
    except (InvalidLayout, OSError, ValueError, KeyError, EOFError, tarfile.TarError) as error:
        return [f"{layout.name}: {error}"]
    if images.keys() != expected.keys():
        return [f"{layout.name}: expected images for {', '.join(sorted(expected))}"]
    findings = []
    for architecture, files in images.items():
        program = {COPY: (REPOSITORY / "dist" / COPIES[architecture]).read_bytes()}
        findings += differences(f"{layout.name} for {architecture}", files, {**expected[architecture], **program})
        if COPIES[architecture].endswith(platform.machine()):
            findings += copy_faults(layout.name, files)
    return findings


def copy_faults(image, files):
    """Whether the program of an image copies its filters, as an init container runs it."""
    with tempfile.TemporaryDirectory() as directory:
        source, volume = pathlib.Path(directory) / "image", pathlib.Path(directory) / "copy"
        volume.mkdir()
        for name, data in files.items():
            path = source / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        (source / COPY).chmod(0o755)
        run = subprocess.run([source / COPY, source, volume], capture_output=True, text=True)
        copied = {str(path.relative_to(volume)): path.read_bytes() for path in volume.rglob("*") if path.is_file()}
    expected = {name: data for name, data in files.items() if name not in (*PROGRAMS, COPY)}
    return [] if copied == expected and run.returncode == 0 else [f"{image}: {COPY} copies {sorted(copied)}: {run.stderr}"]


def digests(out, dist):
    command = [sys.executable, str(DEPLOY / "image/build.py"), str(out), str(dist), VERSION, REVISION, "", *FILTERS]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def check(_):
    dist = REPOSITORY / "dist"
    wasm = {name: dist / f"novasphere-{name}.wasm" for name in FILTERS}
    programs = [dist / name for name in PROGRAMS]
    inputs = [*wasm.values(), *programs, *(dist / name for name in COPIES.values())]
    native = {name: dist / "native" / machine / NATIVE for name, machine in ARCHITECTURES.items()}
    native = {name: path for name, path in native.items() if path.is_file()}
    if not native or not all(path.is_file() for path in inputs):
        return [], "filters not built: run make image"
    findings = []
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        one, two = pathlib.Path(one), pathlib.Path(two)
        copied = two / "elsewhere/dist"
        copied.mkdir(parents=True)
        for path in inputs:
            shutil.copy(path, copied)
        for directory in ("kong", "native"):
            shutil.copytree(dist / directory, copied / directory)
        for pattern in ("*.http.wasm", "*.traefik.yml"):
            for path in dist.glob(pattern):
                shutil.copy(path, copied)
        if digests(one / "images", dist) != digests(two / "images", copied):
            findings.append("two builds of the same files have different digests")
        for name, path in wasm.items():
            findings += faults(one / "images" / name, {"plugin.wasm": path.read_bytes()})
        findings += multiple_faults(one / "images/filters", both({path.name: path.read_bytes() for path in [*wasm.values(), *programs]}))
        for_kong = [f"novasphere_{name.replace('-', '_')}.{end}" for name in FILTERS for end in ("wasm", "meta.json")]
        findings += multiple_faults(one / "images/kong", both({name: (dist / "kong" / name).read_bytes() for name in for_kong}))
        for_traefik = {path.name.removeprefix("novasphere-").removesuffix(".http.wasm"): path for path in dist.glob("*.http.wasm")}
        plugins = {f"{name}/plugin.wasm": path.read_bytes() for name, path in for_traefik.items()}
        plugins |= {f"{name}/.traefik.yml": (dist / f"novasphere-{name}.traefik.yml").read_bytes() for name in for_traefik}
        findings += multiple_faults(one / "images/traefik", both(plugins))
        modules = {}
        for name, path in native.items():
            sums = f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {NATIVE}\n".encode()
            modules[name] = {NATIVE: path.read_bytes(), "SHA256SUMS": sums}
        findings += multiple_faults(one / "images/native", modules)
    return findings, None
