"""The real Traefik, with the files of host-config and the arguments of values.yaml, has every series that its
alerts and dashboard select. A 500 of a filter that rejects its configuration counts for the router, not for the service."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time

import yaml

from alerts import expressions
from envoy_start import free_port, polled
from manifests import DEPLOY, REPOSITORY, parse
from restart_alert import get

SECRET = "only-for-this-test-0123456789abcdef0123"
CONFIG = REPOSITORY / "host-config/traefik"
HOST = {"Host": "api.novasphere.io"}
PATH = "/api/v1/wukongs"
# novasphere-api returns 404 for this path.
MISSING = "/api/v1/healthz"
# More than the burst of the limit in host-config.
MOST_REQUESTS = 10_000
# Labels that Prometheus adds.
ADDED = {"job", "namespace", "pod", "instance"}


class Upstream(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(404 if self.path == MISSING else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def check(built):
    traefik = REPOSITORY / ".venv/bin/traefik"
    if not traefik.is_file():
        return [], "Traefik not found: run make proxies"
    if not list((REPOSITORY / "dist").glob("*.http.wasm")):
        return [], "filters not built: run make wasm"
    arguments = yaml.safe_load((DEPLOY / "traefik/values.yaml").read_text())["additionalArguments"]
    if "--metrics.prometheus.addRoutersLabels=true" not in arguments:
        return ["traefik/values.yaml: metrics must have the label router, as in host-config"], None
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream))
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        stack.callback(upstream.shutdown)
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="novasphere-deploy-")))
        ports = {"gateway": free_port(), "status": free_port()}
        prepare(directory, ports, upstream.server_port)
        process = stack.enter_context(subprocess.Popen(
            [traefik, "--configFile=traefik.yaml"], cwd=directory, env={"NOVASPHERE_JWT_SECRET": SECRET},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ))
        stack.callback(process.terminate)
        if not wait_for(ports["gateway"], 401):
            return ["Traefik does not serve the files of host-config/traefik"], None
        findings = list(absent(built, page(ports)))
        return findings + list(refused(directory, ports)), None


def prepare(directory, ports, upstream):
    """The files of host-config, with local ports."""
    static = yaml.safe_load((CONFIG / "traefik.yaml").read_text())
    for name, port in ports.items():
        static["entryPoints"][name]["address"] = f"127.0.0.1:{port}"
    static["providers"] = {"file": {"filename": str(directory / "dynamic.yaml")}}
    dynamic = yaml.safe_load((CONFIG / "dynamic.yaml").read_text())
    dynamic["http"]["services"]["novasphere-api"]["loadBalancer"]["servers"] = [{"url": f"http://127.0.0.1:{upstream}"}]
    write(directory / "traefik.yaml", static)
    write(directory / "dynamic.yaml", dynamic)
    for name in static["experimental"]["localPlugins"]:
        plugin = directory / "plugins-local/src/novasphere" / name.removeprefix("novasphere-")
        plugin.mkdir(parents=True)
        shutil.copy(REPOSITORY / f"dist/{name}.http.wasm", plugin / "plugin.wasm")
        shutil.copy(REPOSITORY / f"dist/{name}.traefik.yml", plugin / ".traefik.yml")


def write(path, value):
    """Moves the file into place, so that Traefik never reads half of it."""
    new = path.with_suffix(".new")
    new.write_text(yaml.safe_dump(value))
    new.rename(path)


def token():
    part = lambda value: base64.urlsafe_b64encode(value).rstrip(b"=")
    claims = {"iss": "novasphere-user", "sub": "alice", "exp": int(time.time()) + 600}
    signed = part(b'{"alg":"HS256"}') + b"." + part(json.dumps(claims).encode())
    return (signed + b"." + part(hmac.digest(SECRET.encode(), signed, hashlib.sha256))).decode()


def ask(port, **headers):
    return get(port, PATH, {**HOST, **headers})[0]


def wait_for(port, status):
    return polled(lambda: ask(port) == status)


def page(ports):
    """The metrics after responses with the statuses that the alerts select, as far as requests can cause them."""
    bearer = f"Bearer {token()}"
    # Until the limit rejects one. The statuses below show if none was.
    any(ask(ports["gateway"], Authorization=bearer) == 429 for _ in range(MOST_REQUESTS))
    get(ports["gateway"], MISSING, HOST)
    get(ports["gateway"], "/", HOST)
    return get(ports["status"], "/metrics")[1]


def absent(built, text):
    """The selectors of alerts and dashboard that match no series. Ignores 5xx statuses, which requests cannot cause."""
    series = [(name, dict(re.findall(r'(\w+)="([^"]*)"', labels))) for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? ", text, re.MULTILINE)]
    for subject, expr in expressions(parse(built["traefik"])):
        for name, labels in re.findall(r"\b(traefik_\w+)\{([^}]*)\}", expr):
            wanted = {n: v for n, v in re.findall(r'(\w+)=~?"([^"]*)"', labels) if n not in ADDED and not v.startswith("5")}
            has = lambda found: all(re.fullmatch(v, found.get(n, "")) for n, v in wanted.items())
            if not any(name == other and has(found) for other, found in series):
                yield f"{subject}: Traefik has no {name}{wanted}"
        for label in re.findall(r"by \(([^)]*)\)", expr):
            unknown = set(label.split(", ")) - ADDED - {n for _, found in series for n in found}
            if unknown:
                yield f"{subject}: Traefik has no label {unknown}"


def refused(directory, ports):
    before = failures(ports)
    path = directory / "dynamic.yaml"
    dynamic = yaml.safe_load(path.read_text())
    dynamic["http"]["middlewares"]["jwt-auth"]["plugin"]["novasphere-jwt-auth"]["claims_to_verify"] = ["unknown"]
    write(path, dynamic)
    if not wait_for(ports["gateway"], 500):
        yield "a route whose filter rejects its configuration must return 500"
    ask(ports["gateway"])
    after = failures(ports)
    if not (after["router"] > before["router"] and after["service"] == before["service"]):
        yield f"NovasphereTraefikFilterFails: its 500 must count for the router only, got {before}, then {after}"


def failures(ports):
    """The number of 500s of the routers and of the services."""
    text = get(ports["status"], "/metrics")[1]
    counted = re.findall(r'^traefik_(\w+)_requests_total\{code="500".*\} (\S+)$', text, re.MULTILINE)
    return {kind: sum(float(value) for name, value in counted if name == kind) for kind in ("router", "service")}
