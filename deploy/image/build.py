#!/usr/bin/env python3
"""Builds reproducible OCI images of the filters as image layouts, without container tools.

    build.py OUT DIST VERSION REVISION SOURCE FILTER...

REVISION is the commit and SOURCE the address of the repository, for annotations; both may be empty.

    OUT/<filter>   one filter as plugin.wasm, in the "compat" variant of the Wasm Image Specification
                   that Istio and Envoy Gateway accept
    OUT/filters    all filters, for Envoy, and filterctl for x86-64 and ARM64
    OUT/kong       all filters for Kong, each with its schema
    OUT/traefik    the Traefik plugins, one directory each
    OUT/native     the native module of Envoy, under a name with its version, and its SHA256SUMS
    OUT/digests    the digest of each image, also printed

filters, kong, traefik and native serve as image volumes and in init containers: each is an index of an image for x86-64 and
one for ARM64, which differ in the program copy-filters. native has the architectures in DIST/native.

The same files give the same digest on every machine: timestamps are 0, names are sorted, and the
gzip layer is stored uncompressed, because zlib's output differs between versions.
"""

import hashlib
import io
import json
import pathlib
import re
import shutil
import struct
import sys
import tarfile
import zlib

LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
SOURCE = "Novasphere gateway filters"


# In an image of one manifest, which runs on every architecture, each program has its architecture in its name.
PROGRAMS = [f"filterctl-linux-{arch}" for arch in ("aarch64", "x86_64")]
# The program for init containers, in the image of each architecture.
COPY = "copy-filters"
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
COPIES = {name: f"{COPY}-linux-{machine}" for name, machine in ARCHITECTURES.items()}


def tar(files):
    """A tar archive of `files`, a dict from name to content."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(files[name]), 0
            member.mode = 0o755 if name in (*PROGRAMS, COPY) else 0o644
            archive.addfile(member, io.BytesIO(files[name]))
    return out.getvalue()


def gzip_stored(data):
    """Gzip (RFC 1952) with stored blocks only (RFC 1951 section 3.2.4)."""
    out = bytearray(b"\x1f\x8b\x08\0\0\0\0\0\0\xff")
    blocks = [data[at : at + 0xFFFF] for at in range(0, len(data), 0xFFFF)] or [b""]
    for n, block in enumerate(blocks):
        last = n == len(blocks) - 1
        out += struct.pack("<BHH", last, len(block), len(block) ^ 0xFFFF) + block
    return bytes(out + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF))


def dump(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


class Layout:
    """An OCI image layout with one image, or with an index of images for several architectures."""

    def __init__(self, path, annotations):
        self.path, self.annotations = path, annotations
        shutil.rmtree(path, ignore_errors=True)
        (path / "blobs/sha256").mkdir(parents=True)

    def blob(self, media_type, data):
        digest = hashlib.sha256(data).hexdigest()
        (self.path / "blobs/sha256" / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    def single(self, files):
        """Writes an image whose manifest runs on every architecture, and returns its digest."""
        # The field is mandatory.
        return self.finish(self.manifest([files], "amd64"))

    def multiple(self, layers):
        """Writes an index of an image for each architecture, with these layers of files. Returns its digest."""
        manifests = []
        for architecture, files in sorted(layers.items()):
            entry = self.manifest(files, architecture)
            manifests.append({**entry, "platform": {"architecture": architecture, "os": "linux"}})
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests, "annotations": self.annotations}
        return self.finish(self.blob(INDEX, dump(index)))

    def manifest(self, layers, architecture):
        """Writes an image without a reference to it, and returns its descriptor."""
        archives = [tar(files) for files in layers]
        config = {
            "architecture": architecture,
            "os": "linux",
            "config": {},
            "created": "1970-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(a).hexdigest()}" for a in archives]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self.blob(CONFIG, dump(config)),
            "layers": [self.blob(LAYER, gzip_stored(archive)) for archive in archives],
            "annotations": {"module.wasm.image/variant": "compat", **self.annotations},
        }
        return self.blob(MANIFEST, dump(manifest))

    def finish(self, entry):
        """Refers to the image or index of a descriptor, and returns its digest."""
        entry["annotations"] = {"org.opencontainers.image.ref.name": self.annotations["org.opencontainers.image.version"]}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        (self.path / "index.json").write_bytes(dump(index))
        (self.path / "oci-layout").write_bytes(dump({"imageLayoutVersion": "1.0.0"}))
        return entry["digest"]


def annotations(title, version, revision, source):
    named = {
        "description": SOURCE, "licenses": "Apache-2.0", "title": title, "version": version, "revision": revision, "source": source,
    }
    return {f"org.opencontainers.image.{name}": value for name, value in named.items() if value}


def contents(dist, version, filters):
    """The files of each image."""
    names = {f: f"novasphere-{f}.wasm" for f in filters}
    # Kong reads each filter's schema from the same directory.
    for_kong = [f"kong/novasphere_{f.replace('-', '_')}.{end}" for f in filters for end in ("wasm", "meta.json")]
    missing = [name for name in (*names.values(), *for_kong, *PROGRAMS, *COPIES.values()) if not (dist / name).is_file()]
    if missing:
        sys.exit(f"{dist}: missing {', '.join(missing)}: run make image")
    images = {f: {"plugin.wasm": (dist / name).read_bytes()} for f, name in names.items()}
    images["filters"] = {name: (dist / name).read_bytes() for name in (*names.values(), *PROGRAMS)}
    images["kong"] = {name.removeprefix("kong/"): (dist / name).read_bytes() for name in for_kong}
    # Traefik requires one directory per plugin.
    images["traefik"] = {}
    for plugin in dist.glob("novasphere-*.http.wasm"):
        name = plugin.name.removesuffix(".http.wasm")
        directory = name.removeprefix("novasphere-")
        images["traefik"][f"{directory}/plugin.wasm"] = plugin.read_bytes()
        images["traefik"][f"{directory}/.traefik.yml"] = (dist / f"{name}.traefik.yml").read_bytes()
    return images


def native(dist, version):
    """The files of the image of the native module for each architecture that was built."""
    # A running Envoy keeps the code of a file that is replaced.
    module = f"libnovasphere_gateway_{re.sub('[^A-Za-z0-9]', '_', version)}.so"
    found = {name: dist / "native" / machine / module for name, machine in ARCHITECTURES.items()}
    files = {name: path.read_bytes() for name, path in found.items() if path.is_file()}
    if not files:
        sys.exit(f"{dist}/native: missing {module}: run make image")
    return {
        name: {module: data, "SHA256SUMS": f"{hashlib.sha256(data).hexdigest()}  {module}\n".encode()} for name, data in files.items()
    }


def main(out, dist, version, revision, source, *filters):
    out, dist = pathlib.Path(out), pathlib.Path(dist)
    images = contents(dist, version, filters)
    programs = {architecture: {COPY: (dist / name).read_bytes()} for architecture, name in COPIES.items()}
    layers = {
        name: {architecture: [files, program] for architecture, program in programs.items()}
        for name, files in images.items()
        if name not in filters
    }
    layers["native"] = {architecture: [files, programs[architecture]] for architecture, files in native(dist, version).items()}
    lines = []
    for name in (*images, "native"):
        layout = Layout(out / name, annotations(f"novasphere-{name}", version, revision, source))
        digest = layout.single(images[name]) if name in filters else layout.multiple(layers[name])
        lines.append(f"{name} {version} {digest}\n")
    (out / "digests").write_text("".join(lines))
    print("".join(lines), end="")


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    main(*sys.argv[1:])
