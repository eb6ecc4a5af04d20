//! Properties by their dotted paths.

use crate::{Called, Kind, Trap, calls::State, exchange::Phase, status};

/// The level `error` of `proxy_log`.
const LOG_ERROR: u32 = 4;

pub(crate) fn get(state: &mut State, path: &str) -> Called<Vec<u8>> {
    match state.proxy.kind {
        Kind::Envoy => Ok(on_envoy(state, path).ok_or(status::NOT_FOUND)),
        Kind::Nginx => on_nginx(state, path),
    }
}

pub(crate) fn set(state: &mut State, path: &str, value: &[u8]) -> Called<()> {
    let kind = state.proxy.kind;
    let Some(exchange) = &mut state.exchange else {
        return Ok(Err(status::INTERNAL_FAILURE));
    };
    match (kind, path) {
        (Kind::Envoy, _) => exchange.attributes.push((path.to_owned(), value.to_vec())),
        (Kind::Nginx, "ngx.upstream_uri") => exchange.upstream_uri = value.to_vec(),
        // Setting it succeeds without effect: the upstream target is already computed.
        (Kind::Nginx, "ngx.args") => {}
        (Kind::Nginx, _) if path.starts_with("ngx.") || path.starts_with("request.") => {
            return Ok(Err(status::INTERNAL_FAILURE));
        }
        (Kind::Nginx, _) => return Ok(Err(status::NOT_FOUND)),
    }
    Ok(Ok(()))
}

fn on_envoy(state: &State, path: &str) -> Option<Vec<u8>> {
    let text = |text: &str| Some(text.as_bytes().to_vec());
    match path {
        "plugin_root_id" | "plugin_vm_id" => text(""),
        "plugin_name" => text(&state.current.0),
        "xds.cluster_name" => text("novasphere-api"),
        "xds.route_name" => text("api"),
        "source.address" => text(&format!("{}:54321", state.proxy.client)),
        // Numbers are little-endian bytes.
        "connection.id" => Some(7_u64.to_le_bytes().to_vec()),
        _ => {
            let exchange = state.exchange.as_ref()?;
            match path {
                "request.path" => Some(exchange.target.clone()),
                "request.method" => Some(exchange.request.first(b":method")?.to_vec()),
                "request.host" => Some(exchange.request.first(b":authority")?.to_vec()),
                _ => {
                    let name = path.strip_prefix("request.headers.")?;
                    exchange.request.first(name.as_bytes()).map(<[u8]>::to_vec)
                }
            }
        }
    }
}

fn on_nginx(state: &mut State, path: &str) -> Called<Vec<u8>> {
    let text = |text: &str| Ok(Ok(text.as_bytes().to_vec()));
    let is_root = state.exchange.is_none();
    if is_root && path.contains('.') {
        let owner = if path.starts_with("kong.") { "host" } else { "ngx" };
        let line = format!("cannot get {owner} properties outside of a request");
        state.log.push((LOG_ERROR, line));
        return Ok(Err(status::INTERNAL_FAILURE));
    }
    let proxy = std::sync::Arc::clone(&state.proxy);
    match path {
        "plugin_name" if state.phase == Phase::Root => {
            return Err(Trap::crash("segmentation fault: no filter chain in a root context"));
        }
        "plugin_name" => return text(&state.current.0),
        "plugin_root_id" => return text("0"),
        "ngx.nginx_version" => return text("1.25.3"),
        "ngx.pid" => return text(&proxy.random_seed.to_string()),
        "source.address" | "ngx.remote_addr" => return text(&proxy.client),
        "connection.id" => return text("7"),
        "request.host" => return text("kong-7d4b9"),
        "kong.service_name" => return text("novasphere-api"),
        "kong.route_name" => return text("api"),
        "kong.node.id" => return text("8e1f4d0c-3f0a-4b93-9d28-6b1f8f6f4f10"),
        "kong.configuration.nginx_wasm_shm_kv" if proxy.zone.is_some() => return text("10m"),
        _ => {}
    }
    let Some(exchange) = &state.exchange else { return Ok(Err(status::NOT_FOUND)) };
    let found = match path {
        "request.path" | "ngx.request_uri" => Some(exchange.target.clone()),
        "request.method" => Some(exchange.method.clone()),
        "request.scheme" => Some(b"http".to_vec()),
        "request.time" => Some(b"1763900000.123".to_vec()),
        "ngx.upstream_uri" => Some(exchange.upstream_uri.clone()),
        "ngx.request_id" => Some(exchange.request_id.clone().into_bytes()),
        _ => path
            .strip_prefix("request.headers.")
            .and_then(|name| exchange.request.first(name.as_bytes()).map(<[u8]>::to_vec)),
    };
    Ok(found.ok_or(status::NOT_FOUND))
}
