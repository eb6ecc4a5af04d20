# Images, manifests and their checks; included by the Makefile.

VENV_DEPLOY := .venv-deploy
DEPLOY_HOSTS := envoy envoy-portable envoy-gateway istio kong kong-ingress traefik
DEPLOY_STORES := redis redis-external
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

# For the annotations of the images.
REVISION ?= $(shell git describe --always --abbrev=40 --exclude="*" --dirty 2>/dev/null)
SOURCE ?=
# Only a release names its commit in the modules: other builds of the same sources have the same bytes.
COMMIT = $(if $(SOURCE),$(REVISION))
ifneq ($(COMMIT),)
export NOVASPHERE_VERSION := version $(VERSION), commit $(COMMIT)
endif

# SOURCE=https://github.com/OWNER/REPOSITORY NATIVE_ARCHITECTURES="x86_64 aarch64": as in a release. With SOURCE, the
# modules name the commit.
.PHONY: image
image: wasm native filterctl-release $(COPY_FILTERS) ## Build OCI images of the filters in dist/images and print their digests
	@python3 deploy/image/build.py dist/images dist $(VERSION) "$(REVISION)" "$(SOURCE)" $(FILTERS)

# The packages of each target in a bill of materials.
comma := ,
empty :=
space := $(empty) $(empty)
listed = $1=$(subst $(space),$(comma),$(strip $2))
LISTED_sbom := $(call listed,$(TARGET),$(FILTERS:%=novasphere-%-proxy-wasm) $(HTTP_WASM:%=novasphere-%-http-wasm))
LISTED_native := $(foreach machine,x86_64 aarch64,$(call listed,$(machine)-unknown-linux-gnu,novasphere-gateway-envoy-module))
LISTED_filterctl := $(call listed,x86_64-unknown-linux-musl,filterctl)
LISTED_images := $(LISTED_sbom) $(LISTED_native) $(call listed,x86_64-unknown-linux-musl,filterctl copy-filters)

.PHONY: sbom
sbom: ## Write lists of the crates in the filters, the native module, filterctl and the images into dist, as CycloneDX and SPDX
	@mkdir -p dist
	@python3 deploy/sbom.py dist/sbom novasphere-gateway-filters $(LISTED_sbom)
	@python3 deploy/sbom.py dist/native novasphere-gateway-native $(LISTED_native)
	@python3 deploy/sbom.py dist/filterctl filterctl $(LISTED_filterctl)
	@python3 deploy/sbom.py dist/images novasphere-gateway-images $(LISTED_images)

.PHONY: deploy-generate
deploy-generate: $(VENV_DEPLOY)/installed ## Regenerate the files under deploy that derive from host-config and from the chart
	@$(VENV_DEPLOY)/bin/python deploy/generate.py

$(VENV_DEPLOY)/installed: deploy/check/requirements.txt deploy/check/requirements-tools.txt deploy/check/tools.py
	python3 -m venv $(VENV_DEPLOY)
	$(VENV_DEPLOY)/bin/pip install --quiet --requirement deploy/check/requirements.txt
	$(VENV_DEPLOY)/bin/pip install --quiet --no-deps --requirement deploy/check/requirements-tools.txt
	$(VENV_DEPLOY)/bin/python deploy/check/tools.py $(VENV_DEPLOY)/bin
	@cp deploy/check/requirements.txt $@

# REGISTRY=ghcr.io/novasphere: where the images of `make image` are.
.PHONY: chart
chart: image $(VENV_DEPLOY)/installed ## Package the Helm chart with the digests of the images into dist
	@test -n "$(REGISTRY)" || { echo "REGISTRY is not set: expected the registry with the images of make image, for example ghcr.io/novasphere"; exit 1; }
	@$(VENV_DEPLOY)/bin/python deploy/chart/package.py "$(REGISTRY)" dist/images/digests dist

# CRDS=DIR: directory of the custom resource definitions; default ../shared/crds.
.PHONY: deploy-check
deploy-check: image proxies $(VENV_DEPLOY)/installed ## Check the manifests and images without a cluster
	$(VENV_DEPLOY)/bin/python deploy/check

HELM ?= helm
KUBECTL ?= kubectl
RELEASE_NAMESPACE := novasphere-system
# The chart's settings for each host of novasphere-api.
SETTINGS_envoy := host=envoy
SETTINGS_envoy-portable := host=envoy,delivery=init
SETTINGS_envoy-gateway := host=envoy-gateway
SETTINGS_istio := host=istio
SETTINGS_kong := host=kong,probePath=/api/v1/wukongs
SETTINGS_kong-ingress := host=kong-ingress
SETTINGS_traefik := host=traefik-crd
# Each host has its own release. envoy-portable is the release of envoy.
release = novasphere-gateway-$(1:-portable=)
# The values of novasphere-api, and those of its host.
values = $(addprefix --values ,deploy/chart/examples/novasphere.yaml \
	$(wildcard deploy/chart/examples/novasphere-$(patsubst host=%,%,$(firstword $(subst $(comma), ,$(SETTINGS_$1)))).yaml))
digests = $$(awk '{printf ",image.digests.%s=%s", $$1, $$3}' dist/images/digests)
# $(call arguments,HOST): what to install, for helm.
arguments = $(call release,$1) deploy/chart/novasphere-gateway --namespace $(RELEASE_NAMESPACE) $(call values,$1) \
	--set "$(SETTINGS_$1),image.registry=$(REGISTRY)$(digests)"
# Shows the difference of the manifests on standard input. kubectl diff exits with 1 for differences, and fails
# in a namespace that does not exist yet.
show_diff = if $(KUBECTL) get namespace $(RELEASE_NAMESPACE) >/dev/null 2>&1; \
	then $(KUBECTL) diff -f - || [ $$? -eq 1 ]; else cat; fi

# REGISTRY=ghcr.io/novasphere: where the images of `make image` were pushed. DRY_RUN=1 only shows the changes.
.PHONY: $(DEPLOY_HOSTS:%=deploy-gateway-%) $(DEPLOY_HOSTS:%=undeploy-gateway-%)
$(DEPLOY_HOSTS:%=deploy-gateway-%): deploy-gateway-%:
	@test -n "$(REGISTRY)" || { echo "REGISTRY is not set: expected the registry with the images of make image, for example ghcr.io/novasphere"; exit 1; }
	@test -e dist/images/digests || { echo "dist/images/digests not found: run make image"; exit 1; }
	@echo "cluster: $$($(KUBECTL) config current-context)"
	@$(KUBECTL) kustomize deploy/common | { $(show_diff); }
	@$(HELM) template $(call arguments,$*) --no-hooks | { $(show_diff); }
	$(if $(DRY_RUN),,$(KUBECTL) apply -k deploy/common)
	$(if $(DRY_RUN),,$(INSTALL_$*))
	$(if $(DRY_RUN),,$(HELM) upgrade --install $(call arguments,$*) $(SERVED_$*) --wait --timeout 5m)

# New routes of Kong Ingress Controller are on a host that no client calls until the filters reject a request
# without a token. After a failed test, the next run tests again.
SERVED_kong-ingress = --set 'kongIngress.served={default,console,events}'
INSTALL_kong-ingress = of="$(call release,kong-ingress) --namespace $(RELEASE_NAMESPACE)"; \
	{ $(HELM) status $$of >/dev/null 2>&1 || $(HELM) install $(call arguments,kong-ingress); } \
	&& { $(HELM) get values $$of | grep -x '  served:' >/dev/null || $(HELM) test $$of --logs; }

$(DEPLOY_HOSTS:%=undeploy-gateway-%): undeploy-gateway-%:
	$(HELM) uninstall $(call release,$*) --namespace $(RELEASE_NAMESPACE) --ignore-not-found $(if $(DRY_RUN),--dry-run)

# DRY_RUN=1 only shows the changes.
.PHONY: $(DEPLOY_STORES:%=deploy-%) $(DEPLOY_STORES:%=undeploy-%)
$(DEPLOY_STORES:%=deploy-%): deploy-%:
	@echo "cluster: $$($(KUBECTL) config current-context)"
	@for part in common $*; do $(KUBECTL) kustomize "deploy/$$part" | { $(show_diff); }; done
	$(if $(DRY_RUN),,for part in common $*; do $(KUBECTL) apply -k "deploy/$$part"; done)
$(DEPLOY_STORES:%=undeploy-%): undeploy-%:
	$(KUBECTL) delete --ignore-not-found $(if $(DRY_RUN),--dry-run=server) -k deploy/$*

.PHONY: help-deploy
help-deploy: ## List deploy-gateway-… and undeploy-gateway-… for each host, deploy-… and undeploy-… for Redis
	@printf '  %s\n' $(DEPLOY_HOSTS:%=deploy-gateway-%) $(DEPLOY_HOSTS:%=undeploy-gateway-%) \
		$(DEPLOY_STORES:%=deploy-%) $(DEPLOY_STORES:%=undeploy-%)
