"""Custom resources match their definitions: the schema, with no unknown fields, and the CEL rules."""

import copy
import functools
import os
import pathlib

import jsonschema
import yaml

import cel
from core_schema import is_custom
from manifests import REPOSITORY, label


def directory():
    """The directory of the definitions; None if it does not exist."""
    path = pathlib.Path(os.environ.get("CRDS") or REPOSITORY.parent / "shared/crds")
    return path if path.is_dir() else None


@functools.cache
def definitions():
    """Schemas by API version and kind."""
    found = {}
    for path in sorted(directory().rglob("*.yaml")):
        for doc in yaml.load_all(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            if doc and doc.get("kind") == "CustomResourceDefinition":
                spec = doc["spec"]
                for version in spec["versions"]:
                    key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                    found[key] = version["schema"]["openAPIV3Schema"]
    return found


def check(docs):
    if not directory():
        return
    for doc in filter(is_custom, docs):
        schema = definitions().get((doc["apiVersion"], doc["kind"]))
        if schema is None:
            yield f"{label(doc)}: no definition of {doc['apiVersion']} {doc['kind']}"
            continue
        found = list(faults(schema, doc))
        yield from found
        if not found:
            for path, message in cel.faults(schema, with_defaults(schema, copy.deepcopy(doc))):
                yield f"{label(doc)}: {path}: {message}"


def faults(schema, doc):
    for error in jsonschema.Draft4Validator(strict(schema, root=True)).iter_errors(doc):
        path = ".".join(str(part) for part in error.absolute_path) or "the resource"
        yield f"{label(doc)}: {path}: {error.message[:200]}"


def strict(schema, root=False):
    """Converts a structural schema to a JSON Schema that rejects unknown fields."""
    out = {name: value for name, value in schema.items() if not name.startswith("x-")}
    out.pop("default", None)
    out.pop("format", None)
    if "properties" in schema:
        out["properties"] = {name: strict(part) for name, part in schema["properties"].items()}
        if root:
            out["properties"].update({"apiVersion": {}, "kind": {}, "metadata": {}})
        if "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            out["additionalProperties"] = False
    if isinstance(schema.get("additionalProperties"), dict):
        out["additionalProperties"] = strict(schema["additionalProperties"])
    if "items" in schema:
        out["items"] = strict(schema["items"])
    if schema.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
    elif schema.get("nullable") and "type" in out:
        out["type"] = [out["type"], "null"]
    out.pop("nullable", None)
    return out


def with_defaults(schema, value):
    """Fills in defaults as the API server does before it evaluates the rules."""
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            if name not in value and "default" in part:
                value[name] = copy.deepcopy(part["default"])
            if name in value:
                value[name] = with_defaults(part, value[name])
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            for name in value.keys() - schema.get("properties", {}).keys():
                value[name] = with_defaults(more, value[name])
    elif isinstance(value, list) and "items" in schema:
        value = [with_defaults(schema["items"], item) for item in value]
    return value
