"""Images have a registry and an exact version or digest."""

import re

from manifests import containers, label, lookup, of_kind, workloads

OWN = "registry.example.com/novasphere/"
EXACT = re.compile(r"[^:@]+:v?\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?|[^@]+@sha256:[0-9a-f]{64}")


def references(docs):
    """Every image with the resource that references it."""
    for doc, template in workloads(docs):
        for container in containers(template):
            yield label(doc), container.get("image", "")
        for volume in lookup(template, "spec", "volumes") or []:
            if "image" in volume:
                yield label(doc), lookup(volume, "image", "reference") or ""
    for doc in of_kind(docs, "EnvoyExtensionPolicy"):
        for wasm in lookup(doc, "spec", "wasm") or []:
            yield label(doc), lookup(wasm, "code", "image", "url") or ""
    for doc in of_kind(docs, "WasmPlugin"):
        yield label(doc), (lookup(doc, "spec", "url") or "").removeprefix("oci://")


def check(docs):
    for resource, image in references(docs):
        if "." not in image.split("/")[0]:
            yield f"{resource}: image {image!r}: missing registry"
        elif not EXACT.fullmatch(image):
            yield f"{resource}: image {image!r}: expected an exact version or digest"
