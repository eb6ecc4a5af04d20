#!/usr/bin/env bash
# Applies or deletes the manifests of one host or store, after showing the changes:
#   deploy/apply.sh apply|delete HOST
# REGISTRY  where the images of `make image` were pushed. Required for apply, except for Kong Ingress
#           Controller, Traefik and the stores, whose manifests name no filter image.
# DRY_RUN   1 shows the changes and stops.
set -euo pipefail
cd "$(dirname "$0")/.."

action=$1 host=$2
kubectl=${KUBECTL:-kubectl}
command -v "$kubectl" >/dev/null || { echo "kubectl not found: install it, or set KUBECTL to its path" >&2; exit 1; }
[ -f "deploy/$host/kustomization.yaml" ] || { echo "deploy/$host: no such host or store" >&2; exit 1; }
context=$("$kubectl" config current-context)
"$kubectl" version >/dev/null
echo "cluster: $context"

if [ "$action" = delete ]; then
	# Deletion goes by name, so the manifests need no registry.
	"$kubectl" kustomize "deploy/$host" | grep -A3 '^kind: ' | grep -E '^(kind|  name):'
	echo "Kept: the resources in common and monitoring, Secrets created manually and the Redis volume."
	[ "${DRY_RUN:-}" = 1 ] && exit
	# While its routes exist, Kong Ingress Controller would serve them without the deleted plugins.
	[ "$host" != kong-ingress ] || "$kubectl" delete --ignore-not-found -f deploy/kong-ingress/ingress.yaml
	"$kubectl" delete --ignore-not-found -k "deploy/$host"
	exit
fi

digests=dist/images/digests
case $host in
kong-ingress | redis* | traefik) REGISTRY=none digests=/dev/null ;;
esac
[ -n "${REGISTRY:-}" ] || { echo "REGISTRY is not set: expected the registry with the images of make image, for example ghcr.io/novasphere" >&2; exit 1; }
[ -e "$digests" ] || { echo "dist/images/digests not found: run make image" >&2; exit 1; }

# Filters on Traefik have no metrics. Traefik and Redis have their own alerts.
parts=(common)
case $host in
traefik | redis*) ;;
*) parts+=(monitoring) ;;
esac

mkdir -p dist/deploy
manifests=dist/deploy/$host.yaml
"$kubectl" kustomize "deploy/$host" | python3 deploy/pin.py "$REGISTRY" "$digests" > "$manifests"
echo "manifests: $manifests"

differs() {
	# kubectl diff exits with 1 for differences and with more for errors.
	"$kubectl" diff "$@" || [ $? -eq 1 ]
}
if "$kubectl" get namespace novasphere-system >/dev/null 2>&1; then
	for part in "${parts[@]}"; do differs -k "deploy/$part"; done
	differs -f "$manifests"
else
	# kubectl diff fails in a namespace that does not exist yet.
	for part in "${parts[@]}"; do "$kubectl" kustomize "deploy/$part"; done
	cat "$manifests"
fi
[ "${DRY_RUN:-}" = 1 ] && exit
for part in "${parts[@]}"; do "$kubectl" apply -k "deploy/$part"; done
"$kubectl" apply -f "$manifests"
for workload in $("$kubectl" get -f "$manifests" -o name | grep -E '^(deployment|statefulset)' || true); do
	"$kubectl" -n novasphere-system rollout status --timeout=5m "$workload"
done
