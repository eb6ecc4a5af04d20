"""The real Envoy starts with the files of the ConfigMap, passes the readiness probe, rejects a request
without a token over TLS, and drains through preStop."""

import contextlib
import functools
import http.client
import itertools
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time

from generated import config_map
from manifests import REPOSITORY, parse

HOST = {"Host": "api.novasphere.io"}
# Timeouts for a wait and for one response, in seconds. Only a failing check waits this long.
DEADLINE, TIMEOUT = 900, 120
LOWEST_PORT, HIGHEST_PORT = 10_000, 32_768


def check(built):
    envoy = program()
    if envoy is None:
        return [], "Envoy not found: run make proxies"
    if not list((REPOSITORY / "dist").glob("*.wasm")):
        return [], "filters not built: run make wasm"
    docs = parse(built["envoy"])
    deployment = next(doc for doc in docs if doc["kind"] == "Deployment")
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    with tempfile.TemporaryDirectory(prefix="novasphere-deploy-") as directory:
        gateway = Gateway(envoy, pathlib.Path(directory), config_map(docs, "novasphere-gateway-envoy"), container)
        try:
            return list(gateway.findings()), None
        finally:
            gateway.stop()


def program():
    if os.environ.get("ENVOY_BIN"):
        return os.environ["ENVOY_BIN"]
    found = sorted((REPOSITORY / ".venv/lib").glob("*/site-packages/envoy/_bin/envoy"))
    return str(found[0]) if found else None


def polled(attempt):
    """The first true result of `attempt`. None if there is none before the deadline. A program that does not
    listen yet is asked again after a pause, because it cannot tell when it is ready."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        try:
            if result := attempt():
                return result
        except OSError:
            pass
        time.sleep(0.05)
    return None


@functools.cache
def ports(process):
    """The ports for a process. Checks that run at once start at different ones. Linux does not use these ports for
    connections."""
    return (LOWEST_PORT + n % (HIGHEST_PORT - LOWEST_PORT) for n in itertools.count(process * 211))


# Sockets that hold the names of the ports that this process has reserved.
NAMES = []


def free_port():
    """A port that no other call returns until this process ends. The kernel then frees its abstract socket name, which
    the tests in Rust (loopback.rs) use too."""
    for port in ports(os.getpid()):
        name = socket.socket(socket.AF_UNIX)
        with socket.socket() as probe, contextlib.suppress(OSError):
            name.bind(f"\0novasphere-port-{port}")
            probe.bind(("127.0.0.1", port))
            NAMES.append(name)
            return port
        name.close()


class Gateway:
    """The container as a local process, with local directories and ports."""

    def __init__(self, envoy, directory, files, container, replacements=(), certificate=True):
        self.ports = {port: free_port() for port in ("8080", "8443", "9901", "9902")}
        self.replacements = {
            **dict(replacements),
            "/etc/novasphere-tls": str(directory / "tls"),
            "/etc/novasphere/": f"{directory}/",
            "/etc/envoy/wasm": str(REPOSITORY / "dist"),
        }
        self.directory = directory
        (directory / "tls").mkdir()
        if certificate:
            self.add_certificate()
        for name, text in files.items():
            (directory / name).write_text(self.localized(text))
        self.container, self.log = container, directory / "log"
        command = [envoy, *(self.localized(argument) for argument in container["args"]), "--use-dynamic-base-id"]
        # The configured 30 s would slow down the check.
        command[command.index("--drain-time-s") + 1] = "1"
        secret = "only-for-this-test-of-48-bytes-0123456789abcdef"
        variables = {variable["name"]: self.localized(variable.get("value", secret)) for variable in container.get("env", [])}
        environment = {**os.environ, **variables}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def add_certificate(self):
        """Adds the certificate by a rename, like the kubelet, so that Envoy notices it."""
        for name, key in (("tls.crt", "tls-certificate.pem"), ("tls.key", "tls-key.pem")):
            shutil.copy(REPOSITORY / "tests/keys" / key, self.directory / name)
        for name in ("tls.key", "tls.crt"):
            (self.directory / name).rename(self.directory / "tls" / name)

    def localized(self, text):
        for old, new in self.replacements.items():
            text = text.replace(old, new)
        for old, new in self.ports.items():
            text = text.replace(f"port_value: {old}", f"port_value: {new}").replace(f"/{old}\n", f"/{new}\n")
        return text

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def request(self, port, method, path, headers, tls=False):
        """Status, headers with names in lower case, and text of the response."""
        if tls:
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.ports[port], timeout=TIMEOUT, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.ports[port], timeout=TIMEOUT)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read().decode()
        finally:
            connection.close()

    def get(self, port, path, tls=False):
        status, headers, text = self.request(port, "GET", path, HOST, tls)
        return status, headers.get("connection"), text

    def wait_until(self, condition):
        """Whether the condition holds before the deadline; None if Envoy exited."""
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if self.process.poll() is not None:
                return None
            try:
                if condition():
                    return True
            except OSError:
                pass
            time.sleep(0.05)
        return False

    def start_fault(self):
        """Why Envoy did not start; None if it passes the readiness probe."""
        ready = self.container["readinessProbe"]["httpGet"]["path"]
        started = self.wait_until(lambda: self.get("9902", ready)[0] == 200)
        if not started:
            return f"Envoy {'exited' if started is None else 'is not ready'}: {self.log.read_text()[-3000:]}"
        return None

    def findings(self):
        if fault := self.start_fault():
            yield fault
            return
        for path in ("/", "/quitquitquit", "/config_dump", "/stats"):
            if self.get("9902", path)[0] != 404:
                yield f"the status listener must not serve {path}"
        if self.get("8443", "/api/v1/wukongs", tls=True)[0] != 401:
            yield "a request without a token must get 401"
        counted = 'novasphere_decisions_total{filter="jwt-auth",decision="no_token"} 1'
        if not self.wait_until(lambda: counted in self.get("9902", "/stats/prometheus")[2]):
            yield f"the metric is missing: {counted}"
        yield from self.check_drain()

    def check_drain(self):
        command = list(self.container["lifecycle"]["preStop"]["exec"]["command"])
        command[-1] = self.localized(command[-1].replace("sleep 5\n", "").replace("sleep 30\n", ""))
        run = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
        if run.returncode or run.stderr:
            yield f"preStop fails: {run.stderr}"
        elif not self.wait_until(lambda: self.get("8443", "/api/v1/healthz", tls=True)[1] == "close"):
            yield "preStop does not drain: responses lack `connection: close`"
