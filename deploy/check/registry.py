"""All checks, by name. One of manifests yields findings; one of files returns them, or why it could
not be done."""

import alerts
import apply_script
import bill_of_materials
import checkov_scan
import connections
import core_schema
import custom_schema
import disruption
import envoy_start
import generated
import hardening
import helm_values
import image_layout
import images
import isolation
import lint
import mounts
import open_failing
import pinning
import plain_secrets
import probes
import reach
import readme
import redis_start
import references
import restarts

OF_MANIFESTS = {
    "alerts": alerts,
    "core_schema": core_schema,
    "custom_schema": custom_schema,
    "disruption": disruption,
    "hardening": hardening,
    "images": images,
    "isolation": isolation,
    "mounts": mounts,
    "open_failing": open_failing,
    "plain_secrets": plain_secrets,
    "probes": probes,
    "references": references,
}
OF_FILES = {
    "apply_script": apply_script,
    "bill_of_materials": bill_of_materials,
    "checkov": checkov_scan,
    "connections": connections,
    "envoy_start": envoy_start,
    "generated": generated,
    "helm_values": helm_values,
    "image_layout": image_layout,
    "lint": lint,
    "pinning": pinning,
    "reach": reach,
    "readme": readme,
    "redis_start": redis_start,
    "restarts": restarts,
}
