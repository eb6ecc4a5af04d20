"""The real Traefik starts with what the chart renders, gives the verdicts of the values, passes no request of a route
whose filter rejects its configuration, and notices a renewed certificate."""

import contextlib
import json
import pathlib
import shutil
import ssl
import subprocess
import tempfile

import chart
from chart_start import serving
from envoy_start import free_port, polled
from manifests import REPOSITORY, containers, of_kind, parse, workloads
from restart_alert import get
from traefik_metrics import SECRET, token

HOST = {"Host": "shop.example.com"}
PORTS = ("8443", "8080", "8082", "8083")
VALUES = {
    **chart.MINIMAL,
    "host": "traefik",
    "filters": {
        "cors": {"origins": ["https://www.example.com"]},
        "rate_limit": {"minute": 5, "hour": None},
        "header_transform": {"request": {"add": {"headers": ["X-Gateway:edge"]}}},
    },
    "routes": [
        {"name": "health", "path": "/health", "exempt": ["jwt_auth", "rate_limit"]},
        # jwt-auth rejects `true`, which arrives as text. The default route matches the same paths.
        {"name": "admin", "path_prefix": "/admin", "filters": {"jwt_auth": {"required_claims": [{"claim": "admin", "equals": True}]}}},
    ],
    "http": {"redirect": True, "acme": True},
}


def check(_):
    traefik = REPOSITORY / ".venv/bin/traefik"
    if not traefik.is_file():
        return [], "Traefik not found: run make proxies"
    if not list((REPOSITORY / "dist").glob("*.http.wasm")):
        return [], "filters not built: run make wasm"
    with serving(lambda path, headers: headers) as upstream, contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="novasphere-chart-")))
        ports = {port: free_port() for port in PORTS}
        container = prepare(directory, ports, upstream)
        log = stack.enter_context((directory / "log").open("w"))
        command = [traefik, *(argument.replace("/etc/traefik", str(directory)) for argument in container["args"])]
        process = stack.enter_context(subprocess.Popen(command, cwd=directory, env={"NOVASPHERE_JWT_SECRET": SECRET}, stdout=log, stderr=log))
        stack.callback(process.terminate)
        # The readiness probe asks for this page.
        if not polled(lambda: get(ports["8083"], "/-/ready", HOST)[0] == 401):
            return [f"Traefik is not ready: {(directory / 'log').read_text()[-2000:]}"], None
        return [*verdicts(ports), *renewed(directory, ports)], None


def prepare(directory, ports, upstream):
    """Writes the files of the pod, with local ports. Returns the container."""
    docs = parse(chart.run(VALUES).stdout)
    container = next(c for _, pods in workloads(docs) for c in containers(pods, init=False) if c["name"] == "traefik")
    files = next(doc["data"] for doc in of_kind(docs, "ConfigMap") if "dynamic.yaml" in doc["data"])
    for name, folder in (("traefik.yaml", "static"), ("dynamic.yaml", "dynamic")):
        text = files[name].replace("http://orders:8080", f"http://127.0.0.1:{upstream}").replace("http://edge-traefik-acme:8089", f"http://127.0.0.1:{upstream}").replace("/etc/traefik", str(directory))
        for old, new in ports.items():
            text = text.replace(f"address: :{old}", f"address: 127.0.0.1:{new}").replace(f"127.0.0.1:{old}", f"127.0.0.1:{new}")
        (directory / folder).mkdir()
        (directory / folder / name).write_text(text)
    certify(directory, "tls-certificate.pem", "tls-key.pem")
    for name in ("jwt-auth", "header-transform"):
        plugin = directory / "plugins-local/src/novasphere" / name
        plugin.mkdir(parents=True)
        shutil.copy(REPOSITORY / f"dist/novasphere-{name}.http.wasm", plugin / "plugin.wasm")
        shutil.copy(REPOSITORY / f"dist/novasphere-{name}.traefik.yml", plugin / ".traefik.yml")
    return container


def certify(directory, certificate, key):
    """Replaces the certificate by renames, like the kubelet."""
    for name, source in (("tls.key", key), ("tls.crt", certificate)):
        shutil.copy(pathlib.Path(REPOSITORY / "tests/keys" / source), directory / name)
        (directory / name).rename(directory / "dynamic" / name)


def verdicts(ports):
    ask = lambda path, **headers: get(ports["8083"], path, {**HOST, **headers})
    bearer = f"Bearer {token()}"
    seen = json.loads(ask("/orders", Authorization=bearer, **{"X-User-Id": "root"})[1])
    expected = {
        "a probe": (ask("/health")[0], 200),
        "no token": (ask("/orders")[0], 401),
        "a detour": (ask("/health/../orders")[0], 401),
        "another host name": (get(ports["8083"], "/orders", {"Host": "other.example.com", "Authorization": bearer})[0], 404),
        "the identity": (seen.get("X-User-Id"), "alice"),
        "a header for the upstream": (seen.get("X-Gateway"), "edge"),
        "a forged identity on an exempt route": (json.loads(ask("/health", **{"X-User-Id": "root"})[1]).get("X-User-Id"), None),
        "a route whose filter rejects its configuration": (ask("/admin/x", Authorization=bearer)[0], 500),
        "a challenge, which has no token": (get(ports["8080"], "/.well-known/acme-challenge/x", HOST)[0], 200),
        "the redirect": (get(ports["8080"], "/orders", HOST)[0], 301),
        "more requests than the limit": (429 in [ask("/orders", Authorization=bearer)[0] for _ in range(8)], True),
    }
    for name, (found, wanted) in expected.items():
        if found != wanted:
            yield f"{name}: expected {wanted}, got {found}"


def renewed(directory, ports):
    served = lambda: ssl.get_server_certificate(("127.0.0.1", ports["8443"]))
    before = served()
    own = (REPOSITORY / "tests/keys/tls-certificate.pem").read_text().split()
    if before.split() != own:
        yield "Traefik does not serve the certificate of the Secret"
        return
    if not shutil.which("openssl"):
        return
    if fault := renewal(directory):
        yield fault
    elif not polled(lambda: served() != before):
        yield "Traefik does not notice a renewed certificate"


def renewal(directory):
    """Renews the certificate with openssl. Returns a fault of openssl."""
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    files = {"tls.key": directory / "new.key", "tls.crt": directory / "new.crt"}
    done = subprocess.run([*request, "-subj", "/CN=renewed", "-keyout", files["tls.key"], "-out", files["tls.crt"]], capture_output=True, text=True)
    if done.returncode:
        return f"openssl: {done.stderr.strip()}"
    for name, path in files.items():
        path.rename(directory / "dynamic" / name)
    return None
