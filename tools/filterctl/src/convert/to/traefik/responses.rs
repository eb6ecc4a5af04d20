//! CORS and response headers, with Traefik's middleware `headers`.

use crate::convert::{model::Route, report::Report, yaml::Map};

/// The methods that the cors filter allows by default.
const METHODS: [&str; 7] = ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"];

/// The middleware. `None` if the route changes no responses.
pub(super) fn middleware(route: &Route, report: &mut Report) -> Option<Map> {
    let mut headers = Map::new();
    if let Some(cors) = &route.chain.cors {
        add_cors(&mut headers, route, cors, report);
    }
    let response = route.chain.header_transform.as_ref().and_then(|config| config.map("response"));
    if let Some(response) = response {
        add_response(&mut headers, route, response, report);
    }
    (!headers.is_empty()).then(|| Map::new().with("headers", headers))
}

fn add_cors(headers: &mut Map, route: &Route, cors: &Map, report: &mut Report) {
    let (mut list, mut expressions) = (Vec::new(), Vec::new());
    for origin in cors.texts("origins") {
        match expression(&origin) {
            Some(_) if origin == "*" && !cors.is_true("reflect_any_origin") => list.push(origin),
            Some(expression) => expressions.push(expression),
            None => list.push(origin),
        }
    }
    headers.set_list("accessControlAllowOriginList", list);
    headers.set_list("accessControlAllowOriginListRegex", expressions);
    let methods = cors.texts("methods");
    let methods = if methods.is_empty() { METHODS.map(str::to_owned).to_vec() } else { methods };
    headers.set("accessControlAllowMethods", methods);
    let allowed = cors.texts("headers");
    if allowed.is_empty() && cors.get("headers").is_none() {
        let message = format!(
            "route {}: cors: Traefik cannot allow the headers that a preflight requests; the \
             output lists Authorization and Content-Type",
            route.name
        );
        report.changed(&route.place, message);
        headers.set("accessControlAllowHeaders", vec!["Authorization", "Content-Type"]);
    } else {
        headers.set_list("accessControlAllowHeaders", allowed);
    }
    headers.set_list("accessControlExposeHeaders", cors.texts("exposed_headers"));
    if cors.is_true("credentials") {
        headers.set("accessControlAllowCredentials", true);
    }
    headers.set_some("accessControlMaxAge", cors.int("max_age"));
    headers.set("addVaryHeader", true);
    // An empty value removes the upstream's own header.
    headers.edit("customResponseHeaders", |own| own.set("Access-Control-Allow-Origin", ""));
    for field in ["policies", "preflight_continue", "private_network", "block_disallowed"] {
        if cors.get(field).is_some() {
            let message =
                format!("route {}: cors: {field}: Traefik has no such setting", route.name);
            report.left_out(&route.place, message);
        }
    }
    let message = format!(
        "route {}: cors: preflights get 200, without Vary, and name the methods for every origin",
        route.name
    );
    report.changed(&route.place, message);
}

/// The expression of an origin with a wildcard. `None` for an exact origin.
fn expression(origin: &str) -> Option<String> {
    if origin == "*" {
        return Some(".*".to_owned());
    }
    if let Some(expression) = origin.strip_prefix('~') {
        return Some(format!("^(?:{expression})$"));
    }
    let escaped = origin.replace('.', r"\.");
    let labels = |mark: &str, regex: &str| {
        let (scheme, rest) = escaped.split_once("://")?;
        let domain = rest.strip_prefix(mark)?;
        let port = domain.strip_suffix(":*").map(|host| format!("{host}(:[0-9]+)?"));
        Some(format!("^{scheme}://{regex}{}$", port.unwrap_or_else(|| domain.to_owned())))
    };
    labels(r"**\.", r"([a-z0-9-]+\.)+")
        .or_else(|| labels(r"*\.", r"[a-z0-9-]+\."))
        .or_else(|| origin.ends_with(":*").then(|| labels("", "")).flatten())
}

fn add_response(headers: &mut Map, route: &Route, response: &Map, report: &mut Report) {
    for rule in ["remove", "add", "rename", "replace", "append", "allow"] {
        let Some(rules) = response.map(rule) else { continue };
        for entry in rules.texts("headers") {
            let mut left_out = |reason: &str| {
                let name = entry.split(':').next().unwrap_or_default();
                let message = format!("route {}: response.{rule} of {name}: {reason}", route.name);
                report.left_out(&route.place, message);
            };
            match rule {
                _ if entry.contains("$(") => left_out("Traefik has no templates"),
                "remove" if entry.ends_with('*') => left_out("Traefik has no patterns"),
                "remove" => {
                    headers.edit("customResponseHeaders", |own| own.set(&entry, ""));
                }
                "add" => {
                    let (name, value) = entry.split_once(':').unwrap_or((&entry, ""));
                    headers.edit("customResponseHeaders", |own| own.set(name, value.trim()));
                    let message = format!(
                        "route {}: response.add of {name} replaces the upstream's header",
                        route.name
                    );
                    report.changed(&route.place, message);
                }
                _ => left_out("Traefik can only set or remove a header"),
            }
        }
        for name in rules.names().filter(|name| *name != "headers") {
            let message = format!("route {}: response.{rule}.{name}", route.name);
            report.left_out(&route.place, message);
        }
    }
    if let Some(security) = response.get("security_headers") {
        let values = security.as_map().cloned().unwrap_or_default();
        add_security(headers, &values);
    }
}

fn add_security(headers: &mut Map, values: &Map) {
    let is_on = |name: &str| values.get(name) != Some(&false.into());
    if is_on("strict_transport_security") {
        let value = values.text("strict_transport_security").unwrap_or("max-age=31536000");
        let age = value.split("max-age=").nth(1).unwrap_or_default();
        let digits: String = age.chars().take_while(char::is_ascii_digit).collect();
        headers.set("stsSeconds", digits.parse::<i64>().unwrap_or(31_536_000));
        // The filter sends the header on connections without TLS, too.
        headers.set("forceSTSHeader", true);
        for (word, field) in
            [("includeSubDomains", "stsIncludeSubdomains"), ("preload", "stsPreload")]
        {
            if value.contains(word) {
                headers.set(field, true);
            }
        }
    }
    if is_on("x_content_type_options") {
        headers.set("contentTypeNosniff", true);
    }
    if is_on("x_frame_options") {
        match values.text("x_frame_options") {
            Some(value) => headers.set("customFrameOptionsValue", value),
            None => headers.set("frameDeny", true),
        }
    }
    if is_on("referrer_policy") {
        let value = values.text("referrer_policy").unwrap_or("strict-origin-when-cross-origin");
        headers.set("referrerPolicy", value);
    }
}
