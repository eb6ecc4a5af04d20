//! The configuration that Kong Ingress Controller 3.5 posts to Kong for a set of manifests.
//!
//! The rules are from its sources at commit 1fa68f8, below `internal/dataplane`:
//! `translator/subtranslator/ingress.go` for services, routes and paths, `kongstate/service.go` and
//! `kongstate/route.go` for annotations, and `kongstate/kongstate.go` for plugins. Ids and
//! upstreams, which depend on the cluster, are left out.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};

/// The annotations of a service and the fields they set.
const SERVICE_FIELDS: [(&str, &str); 3] = [
    ("connect-timeout", "connect_timeout"),
    ("read-timeout", "read_timeout"),
    ("write-timeout", "write_timeout"),
];
/// The annotations of an Ingress and the fields they set.
const ROUTE_FIELDS: [(&str, &str); 5] = [
    ("strip-path", "strip_path"),
    ("preserve-host", "preserve_host"),
    ("regex-priority", "regex_priority"),
    ("request-buffering", "request_buffering"),
    ("response-buffering", "response_buffering"),
];

type Entity = Map<String, Value>;

struct Service {
    entity: Entity,
    plugins: Vec<Value>,
    routes: BTreeMap<String, Entity>,
}

/// Kong's declarative configuration for the Ingresses among the documents.
///
/// # Errors
/// If the controller or Kong rejects a document, or if a document uses a rule that is missing here.
pub fn configuration(documents: &[Value]) -> Result<Value> {
    let mut services = BTreeMap::new();
    for ingress in documents.iter().filter(|document| is(document, "Ingress")) {
        let name = text(ingress, "/metadata/name")?;
        add_ingress(documents, ingress, &mut services).context(name.to_owned())?;
    }
    let services = services.into_values().map(|service| {
        let mut entity = service.entity;
        entity.insert("plugins".to_owned(), service.plugins.into());
        entity.insert("routes".to_owned(), service.routes.into_values().collect());
        Value::Object(entity)
    });
    Ok(json!({"_format_version": "3.0", "services": services.collect::<Vec<_>>()}))
}

fn add_ingress(
    documents: &[Value],
    ingress: &Value,
    services: &mut BTreeMap<String, Service>,
) -> Result<()> {
    let class = text(ingress, "/spec/ingressClassName")?;
    ensure!(class == "kong", "the controller ignores the class {class}");
    for rule in items(ingress, "/spec/rules") {
        for path in items(rule, "/http/paths") {
            let backend = text(path, "/backend/service/name")?;
            let port = path.pointer("/backend/service/port/number").context("no port number")?;
            let namespace = text(ingress, "/metadata/namespace")?;
            let key = format!("{namespace}.{backend}.{port}");
            if !services.contains_key(&key) {
                let found = find(documents, "Service", namespace, backend)?;
                let host = format!("{backend}.{namespace}.{port}.svc");
                services.insert(key.clone(), service(documents, found, &key, &host)?);
            }
            let routes = &mut services.get_mut(&key).context("service")?.routes;
            let host = text(rule, "/host")?;
            let name =
                format!("{namespace}.{}.{backend}.{host}.{port}", text(ingress, "/metadata/name")?);
            if !routes.contains_key(&name) {
                routes.insert(name.clone(), route(ingress, &name, host)?);
            }
            let paths = routes.get_mut(&name).and_then(|route| route.get_mut("paths"));
            let paths = paths.and_then(Value::as_array_mut).context("paths")?;
            paths.extend(route_paths(path)?);
        }
    }
    Ok(())
}

fn service(documents: &[Value], found: &Value, name: &str, host: &str) -> Result<Service> {
    let mut entity = object(json!({
        "name": name, "protocol": "http", "host": host, "port": 80, "path": "/", "retries": 5,
        "connect_timeout": 60_000, "read_timeout": 60_000, "write_timeout": 60_000,
    }));
    entity.extend(annotated(found, &SERVICE_FIELDS)?);
    let names = annotation(found, "plugins").unwrap_or_default();
    let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
    let namespace = text(found, "/metadata/namespace")?;
    let plugins = names.map(|name| plugin(documents, namespace, name).context(name.to_owned()));
    Ok(Service { entity, plugins: plugins.collect::<Result<_>>()?, routes: BTreeMap::new() })
}

/// The plugin that a KongPlugin configures. The admission webhook rejects a filter without the
/// label that the chart excludes.
fn plugin(documents: &[Value], namespace: &str, name: &str) -> Result<Value> {
    let found = find(documents, "KongPlugin", namespace, name)?;
    ensure!(found.pointer("/metadata/labels/owner") == Some(&json!("helm")), "not accepted");
    Ok(json!({"name": text(found, "/plugin")?, "config": found.get("config").context("config")?}))
}

fn route(ingress: &Value, name: &str, host: &str) -> Result<Entity> {
    ensure!(annotation(ingress, "plugins").is_none(), "plugins of routes are not translated");
    let mut entity = object(json!({
        "name": name, "hosts": [host], "paths": [], "strip_path": false, "preserve_host": true,
        "regex_priority": 0, "request_buffering": true, "response_buffering": true,
    }));
    entity.extend(annotated(ingress, &ROUTE_FIELDS)?);
    Ok(entity)
}

/// The paths of a route for one path of an Ingress.
fn route_paths(path: &Value) -> Result<Vec<Value>> {
    let written = text(path, "/path")?;
    let base = written.trim_matches('/');
    let paths = match text(path, "/pathType")? {
        "ImplementationSpecific" => vec![written.to_owned()],
        "Exact" => vec![format!("~/{}$", written.trim_start_matches('/'))],
        "Prefix" if base.is_empty() => vec!["/".to_owned()],
        "Prefix" => vec![format!("/{base}/"), format!("~/{base}$")],
        other => bail!("unknown pathType {other}"),
    };
    let regex = |path: String| match path.strip_prefix("/~") {
        Some(rest) => format!("~{rest}"),
        None => path,
    };
    Ok(paths.into_iter().map(|path| Value::String(regex(path))).collect())
}

/// The fields that the annotations of a document set.
fn annotated(document: &Value, fields: &[(&str, &str)]) -> Result<Entity> {
    let all = document.pointer("/metadata/annotations").and_then(Value::as_object);
    let names = all.into_iter().flat_map(Map::keys);
    let mut found = Entity::new();
    for name in names.filter_map(|name| name.strip_prefix("konghq.com/")) {
        if name == "plugins" {
            continue;
        }
        let field = fields.iter().find(|(annotation, _)| *annotation == name);
        let (_, field) = field.with_context(|| format!("{name} is not translated"))?;
        let value = annotation(document, name).context("not text")?;
        found.insert((*field).to_owned(), serde_json::from_str(value)?);
    }
    Ok(found)
}

fn annotation<'a>(document: &'a Value, name: &str) -> Option<&'a str> {
    document.pointer("/metadata/annotations")?.get(format!("konghq.com/{name}"))?.as_str()
}

fn find<'a>(documents: &'a [Value], kind: &str, namespace: &str, name: &str) -> Result<&'a Value> {
    let named = |document: &&Value| {
        is(document, kind)
            && document.pointer("/metadata/namespace") == Some(&json!(namespace))
            && document.pointer("/metadata/name") == Some(&json!(name))
    };
    documents.iter().find(named).with_context(|| format!("no {kind} {name}"))
}

fn is(document: &Value, kind: &str) -> bool {
    document.get("kind") == Some(&json!(kind))
}

fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text<'a>(value: &'a Value, pointer: &str) -> Result<&'a str> {
    value.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer}"))
}

fn object(value: Value) -> Entity {
    value.as_object().cloned().unwrap_or_default()
}
