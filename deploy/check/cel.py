"""The rules of custom resource definitions (x-kubernetes-validations), in CEL."""

import functools
import ipaddress
import re
import urllib.parse

import celpy
from celpy.celtypes import BoolType, IntType, ListType, StringType

ENVIRONMENT = celpy.Environment()
# Rules with functions that are not here.
NOT_ASKED = set()
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


# What Kubernetes adds to CEL, as far as the definitions use it.
ADDED = {
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
    """None when the rule calls something unknown."""
    without_texts = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "''", rule)
    if set(re.findall(r"\b([A-Za-z_]\w*)\s*\(", without_texts)) - STANDARD - ADDED.keys():
        return None
    return ENVIRONMENT.program(ENVIRONMENT.compile(rule), functions=ADDED)


def faults(schema, value, path=()):
    """What the rules of a schema have against a value: where, and why."""
    for rule in schema.get("x-kubernetes-validations", []):
        # Rules about changes have nothing to compare with.
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
    asked = program(rule)
    if asked is None:
        NOT_ASKED.add(rule)
        return True
    try:
        return bool(asked.evaluate({"self": celpy.json_to_cel(value)}))
    except celpy.CELEvalError:
        # As for the API server: a rule that cannot be evaluated does not hold.
        return False
