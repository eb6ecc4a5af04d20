"""The real Redis and nginx start with the files of the ConfigMaps, use TLS between each other and towards
gateways, reject requests without a token, and pass their probes."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from envoy_start import DEADLINE, TIMEOUT, free_port, polled
from generated import config_map
from manifests import DEPLOY, parse

MODULES = pathlib.Path("/usr/lib/nginx/modules")
PROGRAMS = ("/usr/bin/redis-server", "/usr/bin/redis-cli", "/usr/sbin/nginx", "/usr/bin/openssl")
NAMES = {
    "redis": "novasphere-redis.novasphere-system.svc.cluster.local",
    "front": "novasphere-redis-front.novasphere-system.svc.cluster.local",
}
TOKENS = ("only-for-this-test-0123456789abcdef0123", "only-for-this-test-next-0123456789abcdef")
PASSWORD = "only-for-this-test-password"
COUNT = "local n = (redis.call('GET', KEYS[1]) or 0) + 1 redis.call('SET', KEYS[1], n, 'EX', 60) return n"


def check(built):
    needed = [*PROGRAMS, MODULES / "ngx_http_lua_module.so", "/usr/share/lua/5.1/nginx/redis.lua"]
    missing = [str(path) for path in needed if not pathlib.Path(path).exists()]
    if missing:
        return [], f"not found: {', '.join(missing)}: install the dependencies of make test-redis"
    docs = parse(built["redis"])
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="novasphere-redis-")))
        pods = Pods(directory, docs)
        stack.callback(pods.stop)
        try:
            pods.start()
            return list(pods.findings()), None
        except (OSError, subprocess.CalledProcessError, TimeoutError) as error:
            return [f"{error}: {pods.logs()}"], None


def alert_outcomes():
    """The outcomes that alerts.yaml selects."""
    text = (DEPLOY / "redis/alerts.yaml").read_text()
    return {name for names in re.findall(r'outcome=~"([^"]+)"', text) for name in names.split("|")}


class Pods:
    """Both containers as local processes, with local directories and ports."""

    def __init__(self, directory, docs):
        self.directory, self.processes = directory, {}
        self.ports = {port: free_port() for port in ("6379", "8443", "8081")}
        self.containers = {
            doc["metadata"]["name"]: doc["spec"]["template"]["spec"]["containers"][0]
            for doc in docs if doc["kind"] in ("StatefulSet", "Deployment")
        }
        for pod in NAMES:
            for part in ("config", "secret", "tls", "run", "data"):
                (directory / pod / part).mkdir(parents=True)
        self.certify()
        for pod, name in (("redis", "novasphere-redis"), ("front", "novasphere-redis-front")):
            (directory / pod / "secret/password").write_text(PASSWORD + "\n")
            for file, text in config_map(docs, name).items():
                (directory / pod / "config" / file).write_text(self.localized(pod, text))
        (directory / "front/secret/tokens").write_text("\n".join(TOKENS))

    def certify(self):
        """Issues the certificates that cert-manager would."""
        run = lambda *arguments: subprocess.run(["openssl", *arguments], check=True, capture_output=True)
        ca, key = self.directory / "ca.crt", self.directory / "ca.key"
        new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        run(*new, "-subj", "/CN=authority", "-keyout", str(key), "-out", str(ca))
        for pod, name in NAMES.items():
            tls = self.directory / pod / "tls"
            run(*new, "-subj", f"/CN={pod}", "-addext", f"subjectAltName=DNS:{name}",
                "-addext", "basicConstraints=critical,CA:FALSE", "-CA", str(ca), "-CAkey", str(key),
                "-keyout", str(tls / "tls.key"), "-out", str(tls / "tls.crt"))
            shutil.copy(ca, tls / "ca.crt")

    def localized(self, pod, text):
        here = self.directory / pod
        for old, new in (
            ("/etc/novasphere-redis-secret", here / "secret"), ("/etc/novasphere-redis-tls", here / "tls"),
            ("/etc/novasphere-redis", here / "config"), ("/run/novasphere-redis-front", here / "run"),
            ("/run/novasphere-redis", here / "run"), ("/var/lib/novasphere-redis", here / "data"),
        ):
            text = text.replace(old, str(new))
        for old, new in self.ports.items():
            for around in ("listen {};", "listen {} ssl;", "tls-port {}"):
                text = text.replace(around.format(old), around.format(new))
        # This machine has no cluster DNS, and the check needs no lookup.
        text = text.replace("resolver kube-dns.kube-system.svc.cluster.local ", "resolver 127.0.0.1 ")
        return text.replace("bind * -::*", "bind 127.0.0.1").replace("listen ", "listen 127.0.0.1:")

    def environment(self, pod, container):
        values = {v["name"]: self.localized(pod, v["value"]) for v in container["env"]}
        values["NOVASPHERE_REDIS_ADDRESS"] = f"127.0.0.1:{self.ports['6379']}"
        # The front's maximum, because the machine may be slow.
        values["NOVASPHERE_REDIS_TIMEOUT_MS"] = "5000"
        return {"PATH": os.environ["PATH"], **values}

    def start(self):
        self.start_redis()
        self.start_front()

    def start_redis(self):
        redis = self.containers["novasphere-redis"]
        self.spawn("redis", [self.localized("redis", word) for word in redis["command"]], redis)
        self.wait_until("Redis", lambda: self.probe(redis["readinessProbe"]) == 0)

    def start_front(self):
        front = self.containers["novasphere-redis-front"]
        # OpenResty has these modules built in.
        modules = "".join(f"load_module {MODULES}/{name}_module.so;" for name in ("ndk_http", "ngx_http_lua"))
        user = "user root;" if os.geteuid() == 0 else ""
        arguments = [self.localized("front", word) for word in front["args"]]
        self.spawn("front", ["/usr/sbin/nginx", *arguments, "-g", modules + user], front)
        path = front["readinessProbe"]["httpGet"]["path"]
        self.wait_until("the front", lambda: self.status(path)[0] == 200)

    def spawn(self, pod, command, container):
        with (self.directory / f"{pod}.log").open("w") as log:
            self.processes[pod] = subprocess.Popen(
                command, stdout=log, stderr=log, env=self.environment(pod, container), cwd=self.directory
            )

    def stop(self):
        for pod, process in self.processes.items():
            # Redis ignores SIGTERM during a script; nginx workers survive SIGKILL of their master.
            (process.kill if pod == "redis" else process.terminate)()
            process.wait()

    def logs(self):
        return " ".join(path.read_text()[-2000:] for path in sorted(self.directory.glob("*.log")))

    def wait_until(self, program, condition):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            try:
                if condition():
                    return
            except OSError:
                pass
            if any(process.poll() is not None for process in self.processes.values()):
                break
            time.sleep(0.05)
        raise TimeoutError(f"{program} is not ready")

    def probe(self, probe):
        command = [self.localized("redis", word) for word in probe["exec"]["command"]]
        command[-1] = command[-1].replace("redis-cli ", f"redis-cli -p {self.ports['6379']} ")
        return subprocess.run(command, capture_output=True).returncode

    def status(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.ports["8081"], timeout=TIMEOUT)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def send(self, token, command):
        """Sends a command like a gateway, which verifies the certificate's name."""
        context = ssl.create_default_context(cafile=str(self.directory / "ca.crt"))
        connection = http.client.HTTPSConnection(NAMES["front"], timeout=TIMEOUT, context=context)
        connection._create_connection = lambda *_: socket.create_connection(("127.0.0.1", self.ports["8443"]), TIMEOUT)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
            connection.request("POST", "/", json.dumps(command), headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())

    def findings(self):
        script = ["EVAL", COUNT, 1, "novasphere:test"]
        for count, token in enumerate(TOKENS, 1):
            response = self.send(token, script)
            if response != (200, {"result": count}):
                yield f"a gateway gets {response}, expected 200 and the count {count}: {self.logs()}"
        if self.send("x" * 40, script)[0] != 401:
            yield "a wrong token must get 401"
        if self.send(TOKENS[0], ["FLUSHALL"])[0] != 400:
            yield "FLUSHALL must get 400"
        if self.send(TOKENS[0], ["EVAL", "return redis.call('KEYS', '*')", 0])[0] != 400:
            yield "a script that lists all keys must get 400"
        yield from self.check_hanging_script()
        for path, expected in (("/health", 200), ("/live", 200), ("/metrics", 200), ("/", 404)):
            if self.status(path)[0] != expected:
                yield f"{path} gets {self.status(path)}, expected {expected}"
        metrics = self.status("/metrics")[1]
        for outcome in alert_outcomes():
            if f'{{outcome="{outcome}"}}' not in metrics:
                yield f"alerts select the outcome {outcome}, which /metrics must list from the start"
        try:
            plain = http.client.HTTPConnection("127.0.0.1", self.ports["8443"], timeout=TIMEOUT)
            plain.request("POST", "/", "[\"PING\"]")
            if plain.getresponse().status != 400:
                yield "the front must reject requests without TLS"
        except OSError:
            pass
        yield from self.check_wrong_certificate()

    def check_hanging_script(self):
        """An endless script makes Redis unready and fails its liveness probe."""
        redis = self.containers["novasphere-redis"]
        if self.probe(redis["livenessProbe"]) != 0:
            yield "the liveness probe fails while Redis serves"
        self.send(TOKENS[0], ["EVAL", "while true do end", 0])
        if self.probe(redis["readinessProbe"]) == 0:
            yield "the readiness probe passes while a script hangs"
        # The probe fails only on BUSY. On a slow machine it can time out, and then it passes.
        if not polled(lambda: self.probe(redis["livenessProbe"]) != 0):
            yield "the liveness probe passes while a script hangs"
        self.processes["redis"].kill()
        self.processes["redis"].wait()
        if self.probe(redis["livenessProbe"]) != 0:
            yield "the liveness probe fails before Redis listens"
        self.start_redis()

    def check_wrong_certificate(self):
        """The front rejects a Redis whose certificate has another name."""
        self.processes["front"].terminate()
        self.processes.pop("front").wait()
        for variable in self.containers["novasphere-redis-front"]["env"]:
            if variable["name"] == "NOVASPHERE_REDIS_TLS_NAME":
                variable["value"] = "another.example.com"
        self.start_front()
        response = self.send(TOKENS[0], ["PING"])
        if response[0] != 502 or "certificate" not in response[1]["error"]:
            yield f"the front must reject a Redis with another name: {response} {self.logs()}"
