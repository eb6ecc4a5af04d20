"""All checks by name.

A manifest check gets the resources of one kustomization and yields findings. A file check gets all
rendered kustomizations and returns its findings and the reason it was skipped, if it was.
"""

import alert_tests
import alerts
import bill_of_materials
import chart
import chart_kong
import chart_native
import chart_start
import chart_traefik
import checkov_scan
import ci_scripts
import components
import connection_limits
import core_schema
import custom_schema
import disruption
import envoy_start
import fail_closed
import filterctl_check
import gateway_access
import generated
import hardening
import helm_values
import image_layout
import images
import kong_config
import kong_ingress
import kong_scrape
import lint
import live_metrics
import make_targets
import mounts
import network_policies
import overlay
import plaintext_secrets
import probes
import readme
import redis_start
import references
import restart_alert
import subchart
import traefik_metrics
import upstream_charts

# Those that start proxies and wait for them, or that run many programs.
SLOW_CHECKS = (
    "alert_tests", "bill_of_materials", "chart", "chart_start", "checkov", "envoy_start", "image_layout", "live_metrics",
    "make_targets", "traefik_metrics",
)
MANIFEST_CHECKS = {
    "alerts": alerts,
    "core_schema": core_schema,
    "custom_schema": custom_schema,
    "disruption": disruption,
    "fail_closed": fail_closed,
    "hardening": hardening,
    "images": images,
    "kong_config": kong_config,
    "kong_ingress": kong_ingress,
    "mounts": mounts,
    "network_policies": network_policies,
    "plaintext_secrets": plaintext_secrets,
    "probes": probes,
    "references": references,
}
FILE_CHECKS = {
    "alert_tests": alert_tests,
    "bill_of_materials": bill_of_materials,
    "chart": chart,
    "chart_kong": chart_kong,
    "chart_native": chart_native,
    "chart_start": chart_start,
    "chart_traefik": chart_traefik,
    "checkov": checkov_scan,
    "ci_scripts": ci_scripts,
    "components": components,
    "connection_limits": connection_limits,
    "envoy_start": envoy_start,
    "filterctl": filterctl_check,
    "gateway_access": gateway_access,
    "generated": generated,
    "helm_values": helm_values,
    "image_layout": image_layout,
    "kong_scrape": kong_scrape,
    "lint": lint,
    "live_metrics": live_metrics,
    "make_targets": make_targets,
    "overlay": overlay,
    "readme": readme,
    "redis_start": redis_start,
    "restart_alert": restart_alert,
    "subchart": subchart,
    "traefik_metrics": traefik_metrics,
    "upstream_charts": upstream_charts,
}
