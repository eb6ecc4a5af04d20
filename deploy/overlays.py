"""Writes examples/kustomize: an overlay of each host with another namespace, host name, registry and digests.
kustomize replaces a part of a text by its number, so the numbers are computed from the rendered files."""

import pathlib

import yaml

DEPLOY = pathlib.Path(__file__).resolve().parent
NAMESPACE, HOST, REGISTRY = "edge", "api.example.com", "registry.example.org/edge"
OLD_NAMESPACE, OLD_HOST, OLD_REGISTRY = "novasphere-system", "api.novasphere.io", "registry.example.com/novasphere"
HEADER = """\
# {host}: another namespace, host name, registry and digest, without helm. Written by make deploy-generate.
# For other settings of the filters, render the chart.
"""
NAMESPACE_LABEL = "[kubernetes.io/metadata.name]"
OWNER = "[gateway.envoyproxy.io/owning-gateway-namespace]"
ENVOY_GATEWAY = f"{OLD_NAMESPACE}-novasphere-gateway-envoy-gateway"


def target(kind, *paths, name=None, options=None):
    select = {"kind": kind, **({"name": name} if name else {})}
    return {"select": select, "fieldPaths": list(paths), **({"options": options} if options else {})}


def copied(kind, field, *targets, name=None):
    """Copies a field of a resource to others."""
    source = {"kind": kind, **({"name": name} if name else {}), "fieldPath": field}
    return {"source": source, "targets": list(targets)}


def host(*targets):
    """Copies the host name of the certificate."""
    return copied("Certificate", "spec.dnsNames.0", *targets)


def parts(file, delimiter, word):
    """The numbers of the parts of a file that are equal to a word."""
    return [n for n, part in enumerate((DEPLOY / file).read_text().split(delimiter)) if part == word]


def in_file(file, config_map):
    """Replaces the host name, which stands in quotes, in a file of a ConfigMap."""
    field = f"data.[{pathlib.Path(file).name}]"
    return host(*(target("ConfigMap", field, name=config_map, options={"delimiter": "'", "index": n}) for n in parts(file, "'", OLD_HOST)))


def digest(n):
    return f"sha256:{n:064x}"


def image_urls(name, kind, prefix, fields):
    """Patches of the images of filters, which `images:` does not reach. `fields` are the paths and values of a document."""
    for document in documents(name, kind):
        for path, url in fields(document):
            image = url.removeprefix(prefix).removeprefix(f"{OLD_REGISTRY}/").split(":")[0]
            yield replaced(kind, path, f"{prefix}{REGISTRY}/{image}@{digest(7)}", document["metadata"]["name"])


def documents(name, kind):
    files = sorted((DEPLOY / name).glob("*.yaml"))
    texts = (doc for file in files if file.name not in ("kustomization.yaml", "values.yaml") for doc in yaml.safe_load_all(file.read_text()))
    return [doc for doc in texts if isinstance(doc, dict) and doc.get("kind") == kind]


def replaced(kind, path, new, name=None):
    select = {"kind": kind, **({"name": name} if name else {})}
    return {"target": select, "patch": f"- {{op: replace, path: {path}, value: '{new}'}}"}


def envoy(name):
    return {"patches": [volume(name, "filters")], "replacements": [in_file("envoy/envoy.yaml", "novasphere-gateway-envoy")]}


def volume(name, image):
    """A patch of the image volume, which `images:` of kustomize before 5.8 does not reach."""
    deployment, = documents(name, "Deployment")
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    number, = (n for n, one in enumerate(volumes) if "image" in one)
    return replaced("Deployment", f"/spec/template/spec/volumes/{number}/image/reference", f"{REGISTRY}/{image}@{digest(7)}")


def kong(name):
    probe = "spec.template.spec.containers.[name=kong].readinessProbe.exec.command.2"
    probed = host(target("Deployment", probe, options={"delimiter": "'", "index": 3}))
    return {"patches": [volume(name, "kong")], "replacements": [in_file("kong/kong.yml", "novasphere-gateway-kong"), probed]}


def gateway_api():
    """The host name in the resources of the Gateway API."""
    return host(target("Gateway", "spec.listeners.0.hostname"), target("HTTPRoute", "spec.hostnames.0"))


def istio(name):
    url = lambda doc: [("/spec/url", doc["spec"]["url"])]
    return {"patches": [*image_urls(name, "WasmPlugin", "oci://", url)], "replacements": [gateway_api()]}


def envoy_gateway(name):
    new = ENVOY_GATEWAY.replace(OLD_NAMESPACE, NAMESPACE)
    urls = lambda doc: [(f"/spec/wasm/{n}/code/image/url", part["code"]["image"]["url"]) for n, part in enumerate(doc["spec"]["wasm"])]
    spread = "spec.provider.kubernetes.envoyDeployment.pod.topologySpreadConstraints.*.labelSelector.matchLabels"
    controller, = egress(name, "envoy-gateway-system")
    upstreams = [f"spec.egress.{n}.to.0.namespaceSelector.matchLabels.{NAMESPACE_LABEL}" for n in egress(name, OLD_NAMESPACE)]
    places = [
        ("GatewayClass", "/metadata/name"), ("Gateway", "/spec/gatewayClassName"), ("NetworkPolicy", "/metadata/name"),
        ("PodMonitor", "/metadata/name"), ("EnvoyProxy", "/spec/provider/kubernetes/envoyService/name"),
    ]
    return {
        # The proxies run in the namespace of Envoy Gateway, beside those of other Gateways.
        "patches": [*(replaced(kind, path, new) for kind, path in places), *image_urls(name, "EnvoyExtensionPolicy", "", urls)],
        "replacements": [
            gateway_api(),
            copied(
                "NetworkPolicy", f"spec.egress.{controller}.to.0.namespaceSelector.matchLabels.{NAMESPACE_LABEL}",
                target("NetworkPolicy", "metadata.namespace"), target("PodMonitor", "metadata.namespace"),
            ),
            copied(
                "Gateway", "metadata.namespace", target("NetworkPolicy", f"spec.podSelector.matchLabels.{OWNER}", *upstreams),
                target("PodMonitor", f"spec.selector.matchLabels.{OWNER}"), target("EnvoyProxy", f"{spread}.{OWNER}"),
            ),
        ],
    }


def egress(name, namespace):
    """The numbers of the rules of egress to a namespace."""
    policy, = documents(name, "NetworkPolicy")
    for n, rule in enumerate(policy["spec"]["egress"]):
        if namespace in rule["to"][0].get("namespaceSelector", {}).get("matchLabels", {}).values():
            yield n


def kong_ingress(name):
    hosts = [target("Ingress", "spec.rules.*.host"), target("Ingress", "spec.tls.0.hosts.0", name="novasphere-gateway-kong-ingress")]
    return {"replacements": [host(*hosts)]}


def traefik(name):
    instance = "app.kubernetes.io~1instance"
    return {
        "patches": [
            replaced("NetworkPolicy", f"/spec/podSelector/matchLabels/{instance}", f"novasphere-traefik-{NAMESPACE}"),
            replaced("PodMonitor", f"/spec/selector/matchLabels/{instance}", f"novasphere-traefik-{NAMESPACE}"),
        ],
        "replacements": [host(target("IngressRoute", "spec.routes.*.match", options={"delimiter": "`", "index": 1}))],
    }


HOSTS = {"envoy": envoy, "envoy-gateway": envoy_gateway, "istio": istio, "kong": kong, "kong-ingress": kong_ingress, "traefik": traefik}


def overlay(name):
    """The kustomization of a host as text."""
    own = HOSTS[name](name)
    certificate = {"target": {"kind": "Certificate"}, "patch": f"- {{op: replace, path: /spec/dnsNames, value: [{HOST}]}}"}
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": NAMESPACE,
        "resources": ["../../../common", f"../../../{name}"],
        **own,
        "patches": [certificate, replaced("Namespace", "/metadata/name", NAMESPACE), *own.get("patches", [])],
    }
    return HEADER.format(host=name) + yaml.safe_dump(kustomization, sort_keys=False, width=1000)


def overlays():
    return {f"examples/kustomize/{name}/kustomization.yaml": overlay(name) for name in HOSTS}
