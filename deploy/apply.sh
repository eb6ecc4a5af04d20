#!/usr/bin/env bash
# Applies or deletes the manifests of one host or store, and shows before what will change:
#   deploy/apply.sh apply|delete HOST
# REGISTRY: where the images of `make image` were pushed to (for apply; not for a store or Traefik, whose
# manifests name none of them). DRY_RUN=1 only shows.
set -euo pipefail
cd "$(dirname "$0")/.."

action=$1 host=$2
kubectl=${KUBECTL:-kubectl}
command -v "$kubectl" >/dev/null || { echo "kubectl is missing: install it, or set KUBECTL" >&2; exit 1; }
[ -f "deploy/$host/kustomization.yaml" ] || { echo "there is no deploy/$host" >&2; exit 1; }
context=$("$kubectl" config current-context)
"$kubectl" version >/dev/null
echo "cluster: $context"

if [ "$action" = delete ]; then
	# By name, so it does not matter where images are.
	"$kubectl" kustomize "deploy/$host" | grep -A3 '^kind: ' | grep -E '^(kind|  name):'
	echo "What is in common and monitoring, Secrets made by hand and the volumes of Redis stay."
	[ "${DRY_RUN:-}" = 1 ] || "$kubectl" delete --ignore-not-found -k "deploy/$host"
	exit
fi

digests=dist/images/digests
case $host in
redis* | traefik) REGISTRY=none digests=/dev/null ;;
esac
[ -n "${REGISTRY:-}" ] || { echo "set REGISTRY to where the images of make image were pushed to" >&2; exit 1; }
[ -e "$digests" ] || { echo "dist/images/digests is missing: run make image" >&2; exit 1; }

# Kong and Traefik have no counts that Prometheus could read; alerts are about the filters.
parts=(common)
case $host in
kong | traefik | redis*) ;;
*) parts+=(monitoring) ;;
esac

mkdir -p dist/deploy
manifests=dist/deploy/$host.yaml
"$kubectl" kustomize "deploy/$host" | python3 deploy/pin.py "$REGISTRY" "$digests" > "$manifests"
echo "manifests: $manifests"

differs() {
	# 1 says that there are differences; more, that it could not be told.
	"$kubectl" diff "$@" || [ $? -eq 1 ]
}
if "$kubectl" get namespace novasphere-system >/dev/null 2>&1; then
	for part in "${parts[@]}"; do differs -k "deploy/$part"; done
	differs -f "$manifests"
else
	# Nothing can be compared in a namespace that is not there yet.
	for part in "${parts[@]}"; do "$kubectl" kustomize "deploy/$part"; done
	cat "$manifests"
fi
[ "${DRY_RUN:-}" = 1 ] && exit
for part in "${parts[@]}"; do "$kubectl" apply -k "deploy/$part"; done
"$kubectl" apply -f "$manifests"
for workload in $("$kubectl" get -f "$manifests" -o name | grep -E '^(deployment|statefulset)' || true); do
	"$kubectl" -n novasphere-system rollout status --timeout=5m "$workload"
done
