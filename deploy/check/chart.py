"""The Helm chart: renders it for hosts, deliveries and options. Each result goes through all checks of manifests."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

import yaml

from manifests import DEPLOY, REPOSITORY

sys.path[:0] = [str(DEPLOY), str(DEPLOY / "chart")]
from package import package  # noqa: E402
from render import CHART, helm  # noqa: E402

EXAMPLES = DEPLOY / "chart/examples"
SUBCHART = DEPLOY / "examples/subchart/Chart.yaml"
RELEASE, NAMESPACE = "edge", "shop-gateway"
HOSTS = ["envoy", "envoy-gateway", "istio", "kong", "kong-ingress", "traefik", "traefik-crd"]
# The oldest Kubernetes of each delivery.
OLDEST = {"image": "1.33", "init": "1.29"}
MINIMAL = {"hostnames": ["shop.example.com"], "upstream": {"service": "orders"}}
OPTIONS = {
    "the native module": {"module": "native"},
    "every option": {
        "hostnames": ["shop.example.com", "shop.example.org"],
        "upstream": {"service": "orders", "namespace": "shop", "port": 80, "targetPort": 9000, "podLabels": {"app": "orders"}, "pathPrefix": "/v1"},
        "routes": [
            {"name": "health", "path": "/health", "exempt": ["jwt_auth", "rate_limit"], "timeout": "5s"},
            {"name": "open", "path_template": "/v1/public/{id}/image", "exempt": ["jwt_auth"]},
            {"name": "public", "path_prefix": "/v1/public", "filters": {"jwt_auth": {"optional": True}, "cors": {"origins": ["https://www.example.com"]}}},
            {"name": "events", "path_template": "/v1/jobs/{id}/events", "timeout": "0s", "idleTimeout": "3600s"},
        ],
        "filters": {
            "jwt_auth": {
                "jwks": [{"issuer": "https://id.example.com:8443/", "discovery": True}],
                "credentials": [
                    {"key": "old", "secret": {"env": "NOVASPHERE_JWT_SECRET"}},
                    {"key": "new", "secret": {"env": "NOVASPHERE_JWT_SECRET_NEXT"}},
                ],
            },
            "header_transform": {"response": {"remove": {"headers": ["Server"]}}},
        },
        "jwt": {"existingSecret": "keys", "variables": {"NOVASPHERE_JWT_SECRET": "a", "NOVASPHERE_JWT_SECRET_NEXT": "b"}},
        "http": {"redirect": True, "acme": True},
        "trustedProxies": {"hops": 1},
        "image": {"digests": {"filters": f"sha256:{7:064x}"}, "pullSecrets": ["registry"]},
        "service": {"annotations": {"example.com/internal": "true"}},
        "networkPolicy": {"dns": [{"ipBlock": {"cidr": "169.254.20.10/32"}}], "issuers": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]},
        "redis": {"enabled": True},
        "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
    },
    "plain HTTP": {"tls": {"none": True}, "trustedProxies": {"cidrs": ["10.0.0.0/8"]}, "filters": {"rate_limit": None}},
    "own Redis and certificate": {
        "tls": {"secretName": "shop-tls"},
        "redis": {"external": {"address": "redis.example.com:6380", "cidrs": ["192.0.2.0/24"]}},
    },
}
UPSTREAM_HERE = {"service": "orders", "port": 80, "targetPort": 9000, "podLabels": {"app": "orders"}, "pathPrefix": "/v1"}
ON_TRAEFIK = {
    "hostnames": ["shop.example.com"],
    "redis": {},
    "filters": {
        "cors": {"origins": ["https://www.example.com", "https://*.example.org"], "credentials": True},
        "jwt_auth": {"credentials": [{"key": "old", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}]},
        "header_transform": {"request": {"add": {"headers": ["X-Gateway:edge"]}}, "response": {"remove": {"headers": ["Server"]}}},
    },
}
# Options that a host does not support, replaced.
LACKING = {
    ("kong", "every option"): {"hostnames": ["shop.example.com"], "trustedProxies": {"cidrs": ["10.0.0.0/8"]}},
    ("kong-ingress", "every option"): {"upstream": UPSTREAM_HERE, "trustedProxies": {}, "redis": {}},
    ("kong-ingress", "plain HTTP"): {"trustedProxies": {}},
    ("kong-ingress", "own Redis and certificate"): {"redis": {}},
    ("traefik", "every option"): {**ON_TRAEFIK, "trustedProxies": {"cidrs": ["10.0.0.0/8"]}},
    ("traefik-crd", "every option"): {**ON_TRAEFIK, "trustedProxies": {}},
    ("traefik-crd", "plain HTTP"): {"trustedProxies": {}},
    ("traefik-crd", "own Redis and certificate"): {"redis": {}},
    ("traefik", "own Redis and certificate"): {"redis": {}},
    ("envoy-gateway", "every option"): {
        "redis": {},
        "filters": {"jwt_auth": {"credentials": [{"key": "old", "secret": {"env": "NOVASPHERE_JWT_SECRET"}}]}},
    },
    ("envoy-gateway", "own Redis and certificate"): {"redis": {}},
    ("istio", "every option"): {"redis": {}, "routes": [{"name": "health", "path": "/health", "exempt": ["jwt_auth", "rate_limit"], "timeout": "5s"}]},
    ("istio", "own Redis and certificate"): {"redis": {}},
}
# A part of the values, and what helm must say about it.
REFUSED = {
    "a typo in a filter's setting": ({"filters": {"rate_limit": {"minutes": 1}}}, "minutes"),
    "a typo in a route's setting": ({"routes": [{"name": "a", "path": "/", "filters": {"cors": {"orgins": []}}}]}, "orgins"),
    "an unknown value": ({"hostname": "shop.example.com"}, "hostname"),
    "an unknown value below one": ({"networkPolicy": {"dnss": []}}, "dnss"),
    "an unknown host": ({"host": "nginx"}, "/host"),
    "no host name": ({"hostnames": []}, "/hostnames"),
    "no Service": ({"upstream": {"service": ""}}, "/upstream/service"),
    "a route without a path": ({"routes": [{"name": "a"}]}, "path_prefix"),
    "two routes of one name": ({"routes": [{"name": "a", "path": "/a"}, {"name": "a", "path": "/b"}]}, 'the name "a" appears twice'),
    "an exemption that covers another route": (
        {"routes": [{"name": "admin", "path_prefix": "/jobs/admin"}, {"name": "jobs", "path_prefix": "/jobs", "exempt": ["jwt_auth"]}]},
        "jobs is exempt from jwt_auth, and so are paths of admin (/jobs/admin)",
    ),
    "an exemption before the route that it covers": (
        {"routes": [{"name": "jobs", "path_prefix": "/jobs", "exempt": ["rate_limit"]}, {"name": "admin", "path": "/jobs/admin"}]},
        "jobs is exempt from rate_limit, and so are paths of admin (/jobs/admin)",
    ),
    "an exemption after a route that contains it": (
        {"routes": [{"name": "jobs", "path_template": "/jobs/{id}"}, {"name": "open", "path": "/jobs/open", "exempt": ["jwt_auth"]}]},
        "open is exempt from jwt_auth, and so are paths of jobs (/jobs/{id})",
    ),
    "an exemption that shares paths with a template": (
        {"routes": [{"name": "jobs", "path_prefix": "/jobs", "exempt": ["jwt_auth"]}, {"name": "admin", "path_template": "/{tenant}/admin"}]},
        "jobs is exempt from jwt_auth, and so are paths of admin (/{tenant}/admin)",
    ),
    "a reserved name of a route": ({"routes": [{"name": "default", "path": "/a"}]}, 'the name "default"'),
    "the name of the probe's route": ({"host": "kong", "routes": [{"name": "probe", "path": "/a"}]}, 'the name "probe"'),
    "an unknown variable": (
        {"filters": {"jwt_auth": {"credentials": [{"key": "a", "secret": {"env": "OTHER"}}]}}}, "jwt.variables.OTHER: missing",
    ),
    "the native module on Kong": ({"host": "kong", "module": "native"}, "module: native"),
    "hops on Kong": ({"host": "kong", "trustedProxies": {"hops": 1}}, "trustedProxies.cidrs"),
    "challenges for two hosts on Kong": ({"host": "kong", "hostnames": ["a.example.com", "b.example.com"], "http": {"acme": True}}, "http.acme"),
    "challenges for two hosts on Traefik": ({"host": "traefik", "hostnames": ["a.example.com", "b.example.com"], "http": {"acme": True}}, "http.acme"),
    "an unknown route for Kong Ingress Controller": ({"host": "kong-ingress", "kongIngress": {"served": ["events"]}}, "kongIngress.served"),
    "another namespace for Kong Ingress Controller": ({"host": "kong-ingress", "upstream": {"service": "orders", "namespace": "shop"}}, "upstream.namespace"),
    "trusted proxies of Kong's chart": ({"host": "kong-ingress", "trustedProxies": {"cidrs": ["10.0.0.0/8"]}}, "gateway.env.trusted_ips"),
    "filters of a route on Istio": ({"host": "istio", "routes": [{"name": "a", "path": "/a", "filters": {"cors": {"max_age": 1}}}]}, "routes: a: filters"),
    "fetched keys on Envoy Gateway": ({"host": "envoy-gateway", "filters": {"jwt_auth": {"jwks": [{"issuer": "https://id.example.com/", "discovery": True}]}}}, "filters.jwt_auth.jwks"),
    "rules on Traefik": ({"host": "traefik", "filters": {"rate_limit": {"rules": [{"name": "a", "path": "/a", "minute": 1}]}}}, "filters.rate_limit.rules"),
    "fetched keys on Traefik": ({"host": "traefik", "filters": {"jwt_auth": {"jwks": [{"issuer": "https://id.example.com/", "discovery": True}]}}}, "filters.jwt_auth.jwks"),
    "a pattern of origins on Traefik": ({"host": "traefik", "filters": {"cors": {"origins": ["~https://.*"]}}}, "filters.cors.origins"),
    "Redis on Traefik": ({"host": "traefik", "redis": {"enabled": True}}, "redis:"),
    "two kinds of Redis": ({"redis": {"enabled": True, "external": {"address": "redis.example.com:6379"}}}, "redis.external.address"),
}
# Names of one installation, which no template may contain.
FOREIGN = ("novasphere.io", "novasphere-system", "novasphere-api")


def run(values, release=RELEASE, namespace=NAMESPACE, kubernetes="1.37"):
    """The finished `helm template`."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(values, file)
        file.flush()
        command = [helm(), "template", release, str(CHART), "--namespace", namespace, "--kube-version", kubernetes, "--values", file.name]
        return subprocess.run(command, capture_output=True, text=True)


# The only hosts of an option.
ONLY = {"the native module": ["envoy"]}


def variants():
    """The values of each variant, and its Kubernetes version, by its name."""
    for host in HOSTS:
        for delivery in OLDEST:
            values = {**MINIMAL, "host": host, "delivery": delivery}
            yield f"chart {host} by {delivery}", (values, OLDEST[delivery])
        for name, options in OPTIONS.items():
            if host not in ONLY.get(name, [host]):
                continue
            yield f"chart {host} with {name}", ({**MINIMAL, "host": host, **options, **LACKING.get((host, name), {})}, "1.37")


def build(variant):
    """The name of a variant and its text."""
    name, (values, kubernetes) = variant
    done = run(values, kubernetes=kubernetes)
    if done.returncode:
        sys.exit(f"{name}: helm template: {done.stderr.strip()}")
    return name, done.stdout


def outside():
    """Resources that a release refers to and does not create."""
    kinds = {
        "GatewayClass": ("gateway.networking.k8s.io/v1", ["istio"]),
        "Service": ("v1", ["orders"]),
        "Secret": ("v1", ["novasphere-jwt", "novasphere-redis", "keys", "shop-tls"]),
        "ConfigMap": ("v1", ["novasphere-redis-authority"]),
    }
    for kind, (version, names) in kinds.items():
        for name in names:
            metadata = {"name": name, "namespace": NAMESPACE}
            if kind == "GatewayClass":
                yield {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": {"controllerName": "istio.io/gateway-controller"}}
            else:
                yield {"apiVersion": version, "kind": kind, "metadata": metadata}


def packaged():
    """Faults of the package: its version, images without a digest, its bytes, and addresses in it."""
    version = re.search(r'^version = "(.*)"$', (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE).group(1)
    versions = yaml.safe_load((CHART / "Chart.yaml").read_text())
    for field in ("version", "appVersion"):
        if versions[field] != version:
            yield f"Chart.yaml: {field}: expected {version}, as in Cargo.toml"
    with tempfile.TemporaryDirectory() as directory:
        digests = pathlib.Path(directory) / "digests"
        digests.write_text("".join(f"{name} {version} sha256:{n:064x}\n" for n, name in enumerate(("filters", "kong"))))
        archive = package("registry.test/team", digests, directory)
        for host, image in (("envoy", "filters"), ("kong", "kong")):
            command = [helm(), "template", RELEASE, archive, "--set", f"hostnames={{a.example.com}},upstream.service=a,host={host}"]
            done = subprocess.run(command, capture_output=True, text=True)
            if f"registry.test/team/{image}@sha256:" not in done.stdout:
                yield f"the package does not pin the image {image}: {done.stderr.strip()}"
        yield from unlike(archive, digests, directory)
        with tarfile.open(archive) as files:
            texts = {member.name: files.extractfile(member).read() for member in files if member.isfile()}
    texts[str(SUBCHART.relative_to(REPOSITORY))] = SUBCHART.read_bytes()
    for name, text in texts.items():
        if b"ghcr.io/novasphere/charts" in text:
            yield f"{name}: expected oci://ghcr.io/OWNER/REPOSITORY/charts, where a release pushes the chart"


def unlike(archive, digests, directory):
    """Faults of a second package of the same files, whose times differ."""
    source, out = pathlib.Path(directory) / "source", pathlib.Path(directory) / "out"
    shutil.copytree(CHART, source)
    for path in source.rglob("*"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    second = package("registry.test/team", digests, out, source)
    if pathlib.Path(archive).read_bytes() != pathlib.Path(second).read_bytes():
        yield "two packages of the same files differ"
    if pathlib.Path(archive).stat().st_mtime != 0:
        yield "the package has a time, which helm push writes into the registry"


def notes():
    """Hosts whose notes helm does not show."""
    for host in HOSTS:
        command = [helm(), "install", RELEASE, str(CHART), "--dry-run=client", "--set", f"hostnames={{a.example.com}},upstream.service=a,host={host}"]
        done = subprocess.run(command, capture_output=True, text=True)
        if f"NOTES:\nThe gateway {RELEASE}-{host.removesuffix('-crd')} serves a.example.com" not in done.stdout:
            yield f"notes of {host}: {done.stderr.strip() or done.stdout[-500:]}"


def alerts():
    """Faults of the alerts of a gateway without jwt-auth, of one without TLS, and of values for monitoring."""
    values = {**MINIMAL, "filters": {"jwt_auth": None}, "monitoring": {"enabled": True, "slowSeconds": 2.5, "runbooks": "https://docs.example.com/runbooks"}}
    text = run(values).stdout
    for expected in ('novasphere_decisions_total{job="shop-gateway/edge-envoy",filter="rate-limit"}', "> 2.5", "https://docs.example.com/runbooks#novaspheregatewaydown"):
        if expected not in text:
            yield f"alerts: expected {expected}"
    for host, tls, entrypoint in (("traefik-crd", False, "websecure"), ("traefik-crd", True, "web"), ("traefik", True, "websecure")):
        text = run({**MINIMAL, "host": host, "tls": {"none": tls}, "monitoring": {"enabled": True}}).stdout
        if f'entrypoint=~"{entrypoint}"' not in text:
            yield f"alerts of {host}: expected the entry point {entrypoint} with tls.none: {tls}"


def check(built):
    findings = list(alerts())
    for name, text in built.items():
        if name.startswith("chart "):
            findings += [f"{name}: contains {word}" for word in FOREIGN if word in text]
            findings += [f"{name}: line {n}: trailing blanks" for n, line in enumerate(text.splitlines(), 1) if line.strip() and line != line.rstrip()]
    for name, (values, expected) in REFUSED.items():
        done = run({**MINIMAL, **values})
        if done.returncode == 0 or expected not in done.stderr:
            findings.append(f"{name}: expected an error with {expected!r}, got {done.stderr.strip() or 'none'}")
    done = run({**MINIMAL, "delivery": "image"}, kubernetes="1.32")
    if done.returncode == 0 or "delivery: init" not in done.stderr:
        findings.append(f"delivery image on Kubernetes 1.32: expected an error that names delivery: init, got {done.stderr.strip()}")
    findings += [*packaged(), *notes()]
    lint = subprocess.run([helm(), "lint", "--strict", str(CHART), "--values", str(EXAMPLES / "shop.yaml")], capture_output=True, text=True)
    if lint.returncode:
        findings.append(f"helm lint: {lint.stdout.strip()} {lint.stderr.strip()}")
    return findings, None
