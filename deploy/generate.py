#!/usr/bin/env python3
"""Makes what the manifests hold of host-config, so that there is one place to change.

    generate.py           writes the files
    generate.py --check   fails where a file is not what would be written

envoy/envoy.yaml is host-config/envoy/per-route.yaml with what a cluster needs besides: TLS, a
listener for probes and metrics. redis/nginx.conf is host-config/redis/nginx.conf for OpenResty, with
TLS. kong/kong.yml, kong/kong.env and the other files of redis are copies.
"""

import pathlib
import sys

DEPLOY = pathlib.Path(__file__).resolve().parent
HOST_CONFIG = DEPLOY.parent / "host-config"

ENVOY_HEADER = """\
# Made by deploy/generate.py of host-config/envoy/per-route.yaml: change that, then run
# make deploy-generate.
#
"""

# Certificates are read anew when cert-manager has renewed them: tls.yaml beside this file.
TLS = """\
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          common_tls_context:
            alpn_protocols: [h2, http/1.1]
            tls_params: {tls_minimum_protocol_version: TLSv1_2}
            tls_certificate_sds_secret_configs:
            - {name: gateway, sds_config: {path_config_source: {path: /etc/novasphere/tls.yaml}}}
"""

# The admin interface stays on loopback; of it, only these two are shown to the cluster.
STATUS = """\
  - name: status
    address: {socket_address: {address: 0.0.0.0, port_value: 9902}}
    ignore_global_conn_limit: true
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: status
          route_config:
            virtual_hosts:
            - name: admin
              domains: ["*"]
              routes:
              - match: {path: /ready, headers: [{name: ":method", string_match: {exact: GET}}]}
                route: {cluster: admin}
              - match: {path: /stats/prometheus, headers: [{name: ":method", string_match: {exact: GET}}]}
                route: {cluster: admin}
          http_filters:
          - name: envoy.filters.http.router
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router

"""

ADMIN_CLUSTER = """\
  - name: admin
    type: STATIC
    connect_timeout: 1s
    load_assignment:
      cluster_name: admin
      endpoints:
      - lb_endpoints:
        - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: 9901}}}
"""

# Secrets read from files need a node to be for.
NODE = "node: {id: gateway, cluster: novasphere-gateway}\n\n"

# Beyond this, connections are refused instead of the proxy dying.
OVERLOAD = """\
overload_manager:
  resource_monitors:
  - name: envoy.resource_monitors.global_downstream_max_connections
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig
      max_active_downstream_connections: 20000

"""

NGINX_HEADER = """\
# Made by deploy/generate.py of host-config/redis/nginx.conf: change that, then run
# make deploy-generate.
"""

# Names are looked up by the cluster's DNS, which nginx finds as every program does, when it starts.
NGINX_RESOLVER = """\
  resolver kube-dns.kube-system.svc.cluster.local valid=10s ipv6=off;
  lua_ssl_trusted_certificate /etc/novasphere-redis-tls/ca.crt;
  lua_ssl_protocols TLSv1.2 TLSv1.3;
"""

NGINX_TLS = """\
    listen 8443 ssl;
    ssl_certificate /etc/novasphere-redis-tls/tls.crt;
    ssl_certificate_key /etc/novasphere-redis-tls/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:1m;
"""

# As host-config has them.
COPIES = (
    "kong/kong.env", "kong/kong.yml", "redis/front.lua", "redis/redis-tls.conf", "redis/redis.conf",
    "redis/settings.lua", "redis/start-redis.sh", "redis/users.acl.template",
)


def replaced(text, old, new):
    """`text` with the one `old` in it replaced."""
    if text.count(old) != 1:
        sys.exit(f"host-config: {old!r} is there {text.count(old)} times, not once")
    return text.replace(old, new)


def envoy(per_route):
    text = replaced(per_route, "port_value: 8000}}\n", "port_value: 8443}}\n")
    chain = "    filter_chains:\n    - "
    text = replaced(text, f"{chain}filters:\n", f"{chain}{TLS.lstrip()}      filters:\n")
    text = replaced(text, "  listeners:\n", f"  listeners:\n{STATUS}")
    text = replaced(text, "  clusters:\n", f"  clusters:\n{ADMIN_CLUSTER}")
    text = replaced(text, "static_resources:\n", f"{OVERLOAD}static_resources:\n")
    text = replaced(text, "\nadmin:\n", f"\n{NODE}admin:\n")
    return ENVOY_HEADER + text


def nginx(debian):
    modules = "".join(f"load_module /usr/lib/nginx/modules/{name}_module.so;\n" for name in ("ndk_http", "ngx_http_lua"))
    # What it says of Debian ends where the modules do.
    text = debian[debian.index(modules) + len(modules):]
    text = replaced(text, "  access_log /var/log/novasphere-redis/failures.log ", "  access_log /dev/stdout ")
    text = replaced(text, "  lua_socket_log_errors off;\n", f"  lua_socket_log_errors off;\n{NGINX_RESOLVER}")
    text = replaced(text, "    listen 127.0.0.1:8379;\n", NGINX_TLS)
    text = replaced(text, "    listen 127.0.0.1:8380;\n", "    listen 8081;\n")
    return NGINX_HEADER + text


def generated():
    read = lambda name: (HOST_CONFIG / name).read_text()
    return {
        "envoy/envoy.yaml": envoy(read("envoy/per-route.yaml")),
        "redis/nginx.conf": nginx(read("redis/nginx.conf")),
        **{name: read(name) for name in COPIES},
    }


def stale():
    """The files that are not as they would be written."""
    def is_stale(name, text):
        path = DEPLOY / name
        return not path.is_file() or path.read_text() != text

    return [name for name, text in generated().items() if is_stale(name, text)]


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if names := stale():
            sys.exit(f"{', '.join(names)}: not what host-config says: run make deploy-generate")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        for name, text in generated().items():
            (DEPLOY / name).write_text(text)
