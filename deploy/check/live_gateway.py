"""A gateway that the chart renders, as local processes: the real Envoy, nginx and Redis, and the real Prometheus
with the rendered alerts, which scrapes them. Requests of every kind keep the metrics moving."""

import contextlib
import http.client
import itertools
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import ecdsa
import yaml

import chart
from chart_start import KEYS, encoded, serving, token
from envoy_start import TIMEOUT, Gateway, free_port
from manifests import containers, lookup, of_kind, parse, workloads
from redis_start import Pods

RELEASE, NAMESPACE = "novasphere", "novasphere-system"
FRONT = "novasphere-redis-front.novasphere-system.svc.cluster.local"
# The name in the certificate of the tests.
ISSUER = "https://id.novasphere.io/"
DOWN = "https://down.example.com/"
VALUES = {
    "hostnames": ["shop.example.com"],
    "upstream": {"service": "orders", "port": 9000},
    "filters": {
        "cors": {"origins": ["https://www.example.com"]},
        "jwt_auth": {
            "jwks": [{"issuer": issuer, "uri": f"{issuer}keys", "refresh": 1} for issuer in (ISSUER, DOWN)],
            "audiences": ["orders"],
        },
        "rate_limit": {
            "minute": 50, "hour": None, "limit_by": "header", "header_name": "x-tenant",
            "rules": [{"name": "order", "methods": ["POST"], "path": "/orders", "minute": 1}],
        },
    },
    "routes": [{"name": "trial", "path_prefix": "/trial", "filters": {"jwt_auth": {"report_only": True}}}],
    "redis": {"enabled": True},
    "monitoring": {"enabled": True},
}
TYPES = {"listeners": "type.googleapis.com/envoy.config.listener.v3.Listener", "clusters": "type.googleapis.com/envoy.config.cluster.v3.Cluster"}
# The secret of all variables in envoy_start.
SECRET = "only-for-this-test-of-48-bytes-0123456789abcdef"


class Live:
    """`docs` are the rendered documents, `redis` those of Redis and its front."""

    def __init__(self, envoy, prometheus, docs, redis):
        self.docs, self.redis, self.envoy, self.program = docs, redis, envoy, prometheus
        self.key = ecdsa.SigningKey.generate(ecdsa.NIST256p)
        self.stopped = threading.Event()

    @contextlib.contextmanager
    def running(self):
        with contextlib.ExitStack() as stack:
            new = lambda: pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="novasphere-live-")))
            self.pods = Pods(new(), self.redis)
            stack.callback(self.pods.stop)
            (self.pods.directory / "front/secret/tokens").write_text(SECRET)
            self.pods.start()
            upstream = stack.enter_context(serving(lambda path, headers: headers))
            keys = stack.enter_context(serving(lambda path, headers: {"keys": [self.jwk()]}, tls=True))
            self.gateway = self.start_envoy(new(), upstream, keys)
            stack.callback(self.gateway.stop)
            if fault := self.gateway.start_fault():
                raise TimeoutError(fault)
            self.prometheus = f"127.0.0.1:{free_port()}"
            process = self.start_prometheus(new())
            stack.callback(process.wait)
            stack.callback(process.terminate)
            load = threading.Thread(target=self.load)
            stack.callback(load.join)
            stack.callback(self.stopped.set)
            load.start()
            yield self

    def jwk(self):
        point = self.key.verifying_key.to_string()
        return {"kty": "EC", "crv": "P-256", "kid": "a", "x": encoded(point[:32]), "y": encoded(point[32:])}

    def start_envoy(self, directory, upstream, keys):
        """Envoy reads listeners and clusters from files that it watches, so that it counts rejected updates."""
        container = next(c for _, pods in workloads(self.docs) for c in containers(pods, init=False) if c["name"] == "envoy")
        files = dict(next(doc["data"] for doc in of_kind(self.docs, "ConfigMap") if "envoy.yaml" in doc["data"]))
        text = files["envoy.yaml"]
        closed = free_port()
        for old, new in {
            "address: orders, port_value: 9000": f"address: 127.0.0.1, port_value: {upstream}",
            "address: id.novasphere.io, port_value: 443": f"address: 127.0.0.1, port_value: {keys}",
            "address: down.example.com, port_value: 443": f"address: 127.0.0.1, port_value: {closed}",
            f"address: {FRONT}, port_value: 443": f"address: 127.0.0.1, port_value: {self.pods.ports['8443']}",
            "/etc/ssl/certs/ca-certificates.crt": str(KEYS / "tls-certificate.pem"),
            "/etc/novasphere-redis-tls/ca.crt": str(self.pods.directory / "ca.crt"),
        }.items():
            assert old in text, f"the chart no longer renders {old}"
            text = text.replace(old, new)
        bootstrap = yaml.safe_load(text)
        self.clusters = [cluster.get("alt_stat_name", cluster["name"]) for cluster in bootstrap["static_resources"]["clusters"]]
        bootstrap["dynamic_resources"] = {}
        for kind, short in (("listeners", "lds"), ("clusters", "cds")):
            resources = [{"@type": TYPES[kind], **one} for one in bootstrap["static_resources"].pop(kind)]
            files[f"{short}.yaml"] = yaml.safe_dump({"version_info": "1", "resources": resources})
            source = {"path_config_source": {"path": f"/etc/novasphere/{short}.yaml"}, "resource_api_version": "V3"}
            bootstrap["dynamic_resources"][f"{short}_config"] = source
        bootstrap["node"] = {"id": "gateway", "cluster": "gateway"}
        files["envoy.yaml"] = yaml.safe_dump(bootstrap)
        return Gateway(self.envoy, directory, files, container)

    def reject(self, short):
        """Adds a resource that Envoy must reject: a cluster needs a name, and a listener an address."""
        path = self.gateway.directory / f"{short}.yaml"
        document = yaml.safe_load(path.read_text())
        document["resources"].append({"@type": document["resources"][0]["@type"], "name": ""})
        new = path.with_suffix(".new")
        new.write_text(yaml.safe_dump(document))
        new.rename(path)

    def start_prometheus(self, directory):
        groups = [g for doc in of_kind(self.docs, "PrometheusRule") for g in lookup(doc, "spec", "groups")]
        (directory / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
        targets = {
            f"{NAMESPACE}/{RELEASE}-envoy": (self.gateway.ports["9902"], "/stats/prometheus"),
            f"{NAMESPACE}/{RELEASE}-redis-front": (self.pods.ports["8081"], "/metrics"),
        }
        jobs = [
            {"job_name": job, "metrics_path": path, "static_configs": [{"targets": [f"127.0.0.1:{port}"], "labels": {"namespace": NAMESPACE, "pod": "p"}}]}
            for job, (port, path) in targets.items()
        ]
        # Prometheus discards a scrape that times out.
        every = {"scrape_interval": "10s", "scrape_timeout": "10s", "evaluation_interval": "2s"}
        (directory / "prometheus.yml").write_text(yaml.safe_dump({"global": every, "rule_files": ["rules.yaml"], "scrape_configs": jobs}))
        return subprocess.Popen(
            [self.program, "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address={self.prometheus}"],
            cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )

    def load(self):
        """Requests of every kind, until the end."""
        bearer = lambda issuer=ISSUER, key=self.key, **claims: {"Authorization": f"Bearer {token(key, issuer, sub='ada', **claims)}"}
        good = bearer(aud="orders")
        origin = {"Origin": "https://www.example.com"}
        kinds = (
            ("GET", "/orders", good),
            ("GET", "/orders", {**good, **origin, "X-Tenant": "a"}),
            ("POST", "/orders", {**good, "X-Tenant": "b"}),
            ("GET", "/orders", {}),
            ("GET", "/orders", bearer(aud="orders", exp=int(time.time()) - 60)),
            ("GET", "/orders", bearer(aud="other")),
            ("GET", "/orders", bearer(aud="orders", key=ecdsa.SigningKey.generate(ecdsa.NIST256p))),
            ("GET", "/orders", bearer(DOWN, aud="orders")),
            ("GET", "/trial", {"X-Tenant": "c"}),
            ("OPTIONS", "/orders", {**origin, "Access-Control-Request-Method": "GET"}),
        )
        for n in itertools.count():
            method, path, headers = kinds[n % len(kinds)]
            if self.stopped.is_set():
                return
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.gateway.request("8443", method, path, {"Host": "shop.example.com", **headers}, tls=True)

    def ask(self, path, **parameters):
        url = f"http://{self.prometheus}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            return json.load(response)["data"]

    def query(self, expr):
        """The values of the result that are numbers."""
        return [float(s["value"][1]) for s in self.ask("query", query=expr)["result"] if s["value"][1] != "NaN"]

    def page(self, job):
        """The metrics as Prometheus gets them."""
        port, path = (self.gateway.ports["9902"], "/stats/prometheus") if job == "envoy" else (self.pods.ports["8081"], "/metrics")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT) as response:
            return response.read().decode()


def rendered():
    return parse(chart.run(VALUES, release=RELEASE, namespace=NAMESPACE).stdout)


def prometheus():
    return shutil.which("prometheus")
