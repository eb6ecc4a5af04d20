# Images, manifests and their checks; included by the Makefile.

VENV_DEPLOY := .venv-deploy
DEPLOY_HOSTS := envoy envoy-portable envoy-gateway istio kong kong-ingress traefik
DEPLOY_STORES := redis redis-external
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

.PHONY: image
image: wasm filterctl-release $(COPY_FILTERS) ## Build OCI images of the filters in dist/images and print their digests
	@python3 deploy/image/build.py dist/images dist $(VERSION) $(FILTERS)

.PHONY: sbom
sbom: ## Write CycloneDX lists of the crates in the filters and in filterctl into dist
	@mkdir -p dist
	@python3 deploy/sbom.py novasphere-gateway-filters $(TARGET) $(FILTERS:%=novasphere-%-proxy-wasm) > dist/sbom.cdx.json
	@python3 deploy/sbom.py filterctl x86_64-unknown-linux-musl filterctl > dist/filterctl.cdx.json

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

# REGISTRY=ghcr.io/novasphere: where the images of `make image` were pushed. DRY_RUN=1 only shows the changes.
.PHONY: $(DEPLOY_HOSTS:%=deploy-gateway-%) $(DEPLOY_HOSTS:%=undeploy-gateway-%)
$(DEPLOY_HOSTS:%=deploy-gateway-%): deploy-gateway-%:
	@deploy/apply.sh apply $*
$(DEPLOY_HOSTS:%=undeploy-gateway-%): undeploy-gateway-%:
	@deploy/apply.sh delete $*

# DRY_RUN=1 only shows the changes.
.PHONY: $(DEPLOY_STORES:%=deploy-%) $(DEPLOY_STORES:%=undeploy-%)
$(DEPLOY_STORES:%=deploy-%): deploy-%:
	@deploy/apply.sh apply $*
$(DEPLOY_STORES:%=undeploy-%): undeploy-%:
	@deploy/apply.sh delete $*

.PHONY: help-deploy
help-deploy: ## List deploy-gateway-… and undeploy-gateway-… for each host, deploy-… and undeploy-… for Redis
	@printf '  %s\n' $(DEPLOY_HOSTS:%=deploy-gateway-%) $(DEPLOY_HOSTS:%=undeploy-gateway-%) \
		$(DEPLOY_STORES:%=deploy-%) $(DEPLOY_STORES:%=undeploy-%)
