"""Images are named with registry and version, and by the registry that deploy/pin.py replaces."""

import re

from manifests import at, containers, label, of_kind, workloads

OWN = "registry.example.com/novasphere/"
EXACT = re.compile(r"[^:@]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?|[^@]+@sha256:[0-9a-f]{64}")


def references(docs):
    """Every image, and where it is named."""
    for doc, template in workloads(docs):
        for container in containers(template):
            yield label(doc), container.get("image", "")
        for volume in at(template, "spec", "volumes") or []:
            if "image" in volume:
                yield label(doc), at(volume, "image", "reference") or ""
    for doc in of_kind(docs, "EnvoyExtensionPolicy"):
        for wasm in at(doc, "spec", "wasm") or []:
            yield label(doc), at(wasm, "code", "image", "url") or ""
    for doc in of_kind(docs, "WasmPlugin"):
        yield label(doc), (at(doc, "spec", "url") or "").removeprefix("oci://")


def check(docs):
    for what, image in references(docs):
        if "." not in image.split("/")[0]:
            yield f"{what}: the image {image!r} names no registry"
        elif not EXACT.fullmatch(image):
            yield f"{what}: the image {image!r} has no exact version"
