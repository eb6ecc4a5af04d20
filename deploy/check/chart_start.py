"""The real Envoy starts with what the chart renders, and gives the verdicts of the values: an API with its own
issuer in examples/shop.yaml, and port 80 with a certificate that arrives late."""

import base64
import contextlib
import hashlib
import http.server
import itertools
import json
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import threading
import time

import ecdsa
import yaml

import chart
from envoy_start import DEADLINE, Gateway, free_port, program
from manifests import REPOSITORY, containers, of_kind, parse, workloads

HOST = "shop.example.com"
KEYS = REPOSITORY / "tests/keys"


def check(_):
    envoy = program()
    if envoy is None:
        return [], "Envoy not found: run make proxies"
    if not list((REPOSITORY / "dist").glob("*.wasm")):
        return [], "filters not built: run make wasm"
    findings = [f"examples/shop.yaml: {finding}" for finding in shop(envoy)]
    if shutil.which("curl"):
        findings += one_pod_without_filters()
    values, _ = dict(chart.variants())["chart envoy with every option"]
    return findings + [f"every option: {finding}" for finding in port_80(envoy, values)], None


@contextlib.contextmanager
def serving(answer, tls=False, status=lambda: 200):
    """The port of an HTTP server that answers with `status()` and the JSON of `answer(path, headers)`."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(answer(self.path, dict(self.headers))).encode()
            self.send_response(status())
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET
        log_message = lambda *_: None

    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(KEYS / "tls-certificate.pem", KEYS / "tls-key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


@contextlib.contextmanager
def started(envoy, values, replacements, certificate=True):
    """Envoy with the rendered files."""
    done = chart.run(values)
    docs = parse(done.stdout)
    container = next(c for _, pods in workloads(docs) for c in containers(pods, init=False) if c["name"] == "envoy")
    files = next(doc["data"] for doc in of_kind(docs, "ConfigMap") if "envoy.yaml" in doc["data"])
    with tempfile.TemporaryDirectory(prefix="novasphere-chart-") as directory:
        gateway = Gateway(envoy, pathlib.Path(directory), files, container, replacements, certificate)
        try:
            yield gateway
        finally:
            gateway.stop()


def encoded(data):
    return base64.urlsafe_b64encode(data if isinstance(data, bytes) else json.dumps(data).encode()).rstrip(b"=").decode()


def token(key, issuer, **claims):
    text = f"{encoded({'alg': 'ES256', 'kid': 'a'})}.{encoded({'iss': issuer, 'exp': int(time.time()) + 600, **claims})}"
    return f"{text}.{encoded(key.sign(text.encode(), hashfunc=hashlib.sha256))}"


def shop(envoy):
    values = yaml.safe_load((chart.EXAMPLES / "shop.yaml").read_text())
    if len((chart.EXAMPLES / "shop.yaml").read_text().splitlines()) > 25:
        yield "expected at most 25 lines"
    key = ecdsa.SigningKey.generate(ecdsa.NIST256p)
    # The name in the certificate of the tests replaces that of the real issuer.
    issuer = values["filters"]["jwt_auth"]["jwks"][0]["issuer"].replace("id.example.com", "id.novasphere.io")
    point = key.verifying_key.to_string()
    jwks = {"keys": [{"kty": "EC", "crv": "P-256", "kid": "a", "x": encoded(point[:32]), "y": encoded(point[32:])}]}
    document = {"issuer": issuer, "jwks_uri": f"{issuer}/keys"}
    identity = lambda path, headers: jwks if path.endswith("/keys") else document
    with serving(lambda path, headers: headers) as upstream, serving(identity, tls=True) as keys:
        replacements = {
            "address: orders.shop.svc, port_value: 9000": f"address: 127.0.0.1, port_value: {upstream}",
            "address: id.example.com, port_value: 443": f"address: 127.0.0.1, port_value: {keys}",
            "/etc/ssl/certs/ca-certificates.crt": str(KEYS / "tls-certificate.pem"),
            "id.example.com": "id.novasphere.io",
        }
        with started(envoy, values, replacements) as gateway:
            if fault := gateway.start_fault():
                yield fault
                return
            yield from verdicts(gateway, key, issuer)


def verdicts(gateway, key, issuer):
    def ask(method, path, host=HOST, **headers):
        return gateway.request("8443", method, path, {"Host": host, **headers}, tls=True)

    bearer = lambda **claims: f"Bearer {token(key, issuer, sub='ada', **claims)}"
    origin = {"Origin": "https://www.example.com"}
    unauthorized = ask("GET", "/orders", **origin)
    expected = {
        "a probe": (ask("GET", "/health")[0], 200),
        "no token": (unauthorized[0], 401),
        "its security headers": (unauthorized[1].get("x-content-type-options"), "nosniff"),
        "its CORS headers": (unauthorized[1].get("access-control-allow-origin"), origin["Origin"]),
        "a probe's path with a detour": (ask("GET", "/health/../orders")[0], 401),
        "a token": (ask("GET", "/orders", Authorization=bearer(aud="orders"))[0], 200),
        "another audience": (ask("GET", "/orders", Authorization=bearer(aud="other"))[0], 401),
        "another host name": (ask("GET", "/orders", host="other.example.com", Authorization=bearer(aud="orders"))[0], 404),
        "a preflight": (ask("OPTIONS", "/orders", **origin, **{"Access-Control-Request-Method": "GET"})[0], 204),
    }
    seen = json.loads(ask("GET", "/orders", Authorization=bearer(aud="orders"), **{"X-Customer": "root"})[2])
    expected["the identity"] = ({name.lower(): value for name, value in seen.items()}.get("x-customer"), "ada")
    if shutil.which("curl") and (output := tested(gateway)):
        yield f"helm test: {output}"
    order = lambda: ask("POST", "/orders", Authorization=bearer(aud="orders"))[0]
    expected["six orders in a minute"] = (in_a_minute(gateway, lambda: [order() for _ in range(6)]), [200] * 5 + [429])
    for name, (found, wanted) in expected.items():
        if found != wanted:
            yield f"{name}: expected {wanted}, got {found}"


def in_a_minute(gateway, requests):
    """Returns the result of `requests`, repeated until all fall within one clock minute, the window of the limit.
    Returns a fault if none do before the deadline."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        minute = time.time() // 60
        result = requests()
        last = time.time() // 60
        if last == minute:
            return result
        # The next minute has no requests yet.
        gateway.wait_until(lambda: time.time() // 60 != last)
    return f"no requests fell within one minute in {DEADLINE} s"


def tested(gateway):
    """The output of helm test; None if it succeeds."""
    run = helm_test(yaml.safe_load((chart.EXAMPLES / "shop.yaml").read_text()), gateway.ports["8443"], PATIENCE="600")
    return None if run.returncode == 0 and run.stdout.count("ok: ") == 6 else run.stdout + run.stderr


def helm_test(values, port, **variables):
    """The finished script of helm test."""
    pod, = of_kind(parse(chart.run(values).stdout), "Pod")
    environment = {**os.environ, "GATEWAY": f"127.0.0.1:{port}", **variables}
    return subprocess.run(pod["spec"]["containers"][0]["command"], capture_output=True, text=True, env=environment)


def one_pod_without_filters():
    """Whether helm test finds a pod that accepts requests without a token, one of four behind a Service."""
    pods = itertools.cycle((401, 401, 401, 200))
    with serving(lambda path, headers: headers, status=lambda: next(pods)) as service:
        run = helm_test({**chart.MINIMAL, "tls": {"none": True}}, service, PATIENCE="0")
    if run.returncode == 0 or "FAILED: no token for shop.example.com on each pod: expected 40 times 401, got 30" not in run.stdout:
        yield f"helm test does not find the pod without filters: {run.stdout} {run.stderr}"


def port_80(envoy, values):
    """Before the certificate exists, a challenge reaches the solver. The certificate is then loaded."""
    with serving(lambda path, headers: path) as solver:
        solver_host = f"address: {chart.RELEASE}-envoy-acme, port_value: 8089"
        replacements = {
            solver_host: f"address: 127.0.0.1, port_value: {solver}",
            "/etc/ssl/certs/ca-certificates.crt": str(KEYS / "tls-certificate.pem"),
            "/etc/novasphere-redis-tls/ca.crt": str(KEYS / "tls-certificate.pem"),
        }
        with started(envoy, values, replacements, certificate=False) as gateway:
            if fault := gateway.start_fault():
                yield fault
                return
            ask = lambda port, path, tls=False: gateway.request(port, "GET", path, {"Host": HOST}, tls)
            challenge = "/.well-known/acme-challenge/token"
            if not gateway.wait_until(lambda: ask("8080", challenge)[2] == json.dumps(challenge)):
                yield f"port 80 does not pass a challenge: {ask('8080', challenge)}"
            status, headers, _ = ask("8080", "/v1/orders?a=b")
            if (status, headers.get("location")) != (308, f"https://{HOST}/v1/orders?a=b"):
                yield f"port 80 does not redirect: {status} {headers}"
            gateway.add_certificate()
            if not gateway.wait_until(lambda: ask("8443", "/v1/orders", tls=True)[0] == 401):
                yield "the gateway does not load a certificate that arrives after its start"
