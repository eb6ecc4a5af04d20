"""The metrics in the alert NovasphereFilterRestarted count a crashed filter. Tested in the real Envoy, with
the filter names of both Envoy and Istio."""

import base64
import http.client
import json
import pathlib
import re
import subprocess
import tempfile
import time

from alerts import expressions
from envoy_start import DEADLINE, TIMEOUT, free_port, program
from manifests import parse

# security-headers is the header-transform that runs first.
FILTERS = ("cors", "gateway", "header-transform", "jwt-auth", "rate-limit", "security-headers")
# Istio names a filter by namespace and name of its WasmPlugin.
NAMES = (*FILTERS, *(f"novasphere-system.novasphere-{name}" for name in FILTERS))
NAME_OF = re.compile(r'__name__=~"([^"]+)"')
EXTENSIONS = "type.googleapis.com/envoy.extensions"


def section(kind, *items):
    content = bytes([len(items)]) + b"".join(items)
    return bytes([kind, len(content)]) + content


def crashing_filter():
    """A filter that crashes on every request: its request callback is `unreachable`."""
    types = {"abi": (0, 0), "create": (2, 0), "start": (2, 1), "headers": (3, 1), "memory": (1, 1)}
    functions = {
        "proxy_abi_version_0_2_1": ("abi", b""),
        "proxy_on_context_create": ("create", b""),
        "proxy_on_vm_start": ("start", b"\x41\x01"),
        "proxy_on_configure": ("start", b"\x41\x01"),
        "proxy_on_request_headers": ("headers", b"\x00"),
        "proxy_on_memory_allocate": ("memory", b"\x41\x80\x20"),
    }
    kinds = list(types)
    exports = [
        bytes([len(name)]) + name.encode() + bytes([0, n]) for n, name in enumerate(functions)
    ] + [b"\x06memory\x02\x00"]
    bodies = [bytes([len(code) + 2, 0]) + code + b"\x0b" for _, code in functions.values()]
    # Above 127 bytes, the LEB128 length takes two bytes.
    export_section = bytes([len(exports)]) + b"".join(exports)
    return b"".join((
        b"\0asm\1\0\0\0",
        section(1, *(bytes([0x60, n]) + b"\x7f" * n + bytes([m]) + b"\x7f" * m for n, m in types.values())),
        section(3, *(bytes([kinds.index(kind)]) for kind, _ in functions.values())),
        section(5, b"\x00\x02"),
        bytes([7, len(export_section) & 0x7F | 0x80, len(export_section) >> 7]) + export_section,
        section(10, *bodies),
    ))


def bootstrap(admin, ports):
    """One listener per filter name."""
    module = base64.b64encode(crashing_filter()).decode()

    def listener(name, port):
        filters = [
            {"name": name, "typed_config": {"@type": f"{EXTENSIONS}.filters.http.wasm.v3.Wasm", "config": {
                "name": name, "failure_policy": "FAIL_RELOAD",
                "vm_config": {"vm_id": name, "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"inline_bytes": module}}},
            }}},
            {"name": "router", "typed_config": {"@type": f"{EXTENSIONS}.filters.http.router.v3.Router"}},
        ]
        routes = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "direct_response": {"status": 200}}]}]
        manager = {
            "@type": f"{EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "gateway", "route_config": {"virtual_hosts": routes}, "http_filters": filters,
        }
        return {"name": name, "address": address(port), "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}]}

    listeners = [listener(name, port) for name, port in ports.items()]
    return {"admin": {"address": address(admin)}, "static_resources": {"listeners": listeners}}


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def get(port, path, headers={}):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except OSError:
        return None, ""
    finally:
        connection.close()


def uncounted(admin, ports, pattern):
    """The filters whose crash no metric that matches the pattern counts."""
    remaining, end = set(ports), time.monotonic() + DEADLINE
    while remaining and time.monotonic() < end:
        for name in remaining:
            get(ports[name], "/")
        lines = (re.match(r"(\w+)\{[^}]*\} (\d+)", line) for line in get(admin, "/stats/prometheus")[1].splitlines())
        counting = {found[1] for found in lines if found and found[2] != "0" and pattern.fullmatch(found[1])}
        remaining = {name for name in remaining if not any(
            metric.startswith(f"envoy_wasm_{re.sub(r'[^a-z]', '_', name)}_") for metric in counting
        )}
        time.sleep(0.2)
    return remaining


def check(built):
    envoy = program()
    if envoy is None:
        return [], "Envoy not found: run make proxies"
    alerts = dict(expressions(parse(built["envoy"])))
    expr = next((expr for name, expr in alerts.items() if name.endswith(": NovasphereFilterRestarted")), "")
    pattern = NAME_OF.search(expr)
    if not pattern:
        return ["the alert NovasphereFilterRestarted must select metrics by __name__"], None
    admin, ports = free_port(), {name: free_port() for name in NAMES}
    with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
        config, log = pathlib.Path(directory, "envoy.json"), pathlib.Path(directory, "log")
        config.write_text(json.dumps(bootstrap(admin, ports)))
        with log.open("w") as out:
            process = subprocess.Popen(
                [envoy, "-c", str(config), "--concurrency", "1", "--use-dynamic-base-id"], stdout=out, stderr=out,
            )
        try:
            remaining = uncounted(admin, ports, re.compile(pattern[1]))
            ended = process.poll() is not None
            return [
                f"NovasphereFilterRestarted does not count the crash of {name}" for name in sorted(remaining)
            ] + ([f"Envoy exited: {log.read_text()[-2000:]}"] if ended else []), None
        finally:
            process.terminate()
            process.wait()
