"""Evaluates the CEL rules of custom resource definitions (x-kubernetes-validations)."""

import functools
import ipaddress
import re
import urllib.parse

import celpy
from celpy.celtypes import BoolType, IntType, ListType, StringType

ENVIRONMENT = celpy.Environment()
# Rules that use functions missing here.
UNSUPPORTED = set()
STANDARD = set(
    "has size all exists exists_one map filter matches startsWith endsWith contains duration timestamp "
    "int uint double string bool type dyn in".split()
)


def is_url(text):
    parts = urllib.parse.urlsplit(text)
    return BoolType(bool(parts.scheme) and bool(parts.netloc or parts.path.startswith("/")))


def is_ip(text):
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return BoolType(False)
    return BoolType(True)


def substring(text, start, end=None):
    return StringType(str(text)[int(start) : None if end is None else int(end)])


# Kubernetes' CEL extensions that the definitions use.
EXTENSIONS = {
    "getScheme": lambda url: StringType(urllib.parse.urlsplit(url).scheme),
    "indexOf": lambda text, part: IntType(text.find(part)),
    "isIP": is_ip,
    "isURL": is_url,
    "lowerAscii": lambda text: StringType(text.lower()),
    "split": lambda text, by: ListType(StringType(part) for part in text.split(by)),
    "substring": substring,
    "upperAscii": lambda text: StringType(text.upper()),
    "url": lambda text: text,
}


@functools.cache
def program(rule):
    """The compiled rule; None if it calls an unsupported function."""
    without_strings = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "''", rule)
    if set(re.findall(r"\b([A-Za-z_]\w*)\s*\(", without_strings)) - STANDARD - EXTENSIONS.keys():
        return None
    return ENVIRONMENT.program(ENVIRONMENT.compile(rule), functions=EXTENSIONS)


def faults(schema, value, path=()):
    """Path and message of each rule that the value violates."""
    for rule in schema.get("x-kubernetes-validations", []):
        # Transition rules need an old value.
        if "oldSelf" not in rule["rule"] and not holds(rule["rule"], value):
            where = ".".join(str(part) for part in path) or "the resource"
            yield where, rule.get("message") or rule["rule"]
    if isinstance(value, dict):
        more = schema.get("additionalProperties")
        for name, part in value.items():
            known = schema.get("properties", {}).get(name, more)
            if isinstance(known, dict):
                yield from faults(known, part, (*path, name))
    elif isinstance(value, list) and "items" in schema:
        for n, item in enumerate(value):
            yield from faults(schema["items"], item, (*path, n))


def holds(rule, value):
    compiled = program(rule)
    if compiled is None:
        UNSUPPORTED.add(rule)
        return True
    try:
        return bool(compiled.evaluate({"self": celpy.json_to_cel(value)}))
    except celpy.CELEvalError:
        # The API server also treats an evaluation error as a violation.
        return False
