//! The counted requests: common requests and attacks.

use anyhow::Result;
use novasphere_emulated_host::Kind;
use novasphere_harness::client::Request;
use serde_json::{Value, json};

use super::NOW;
use crate::{
    filters::{
        cors, gateway, header_transform, jwt_auth, rate_limit, rate_limit_by_forwarded,
        rate_limit_for_all, without_lease,
    },
    tokens::{ALGORITHMS, Issuer},
    traffic::{PATH, REQUEST},
};

/// A request and its warm-up.
pub(crate) struct Case {
    pub(crate) filter: &'static str,
    pub(crate) name: String,
    pub(crate) config: Value,
    pub(crate) host: Kind,
    /// Whether the filter's timer is called before the requests. Without it, there are no leases.
    pub(crate) has_timer: bool,
    /// Requests before it: they allocate memory, fill caches or reach limits.
    pub(crate) before: Vec<Request>,
    pub(crate) request: Request,
    pub(crate) status: u16,
}

/// Number of warm-up requests. After them, costs are constant.
const BEFORE: usize = 10;

impl Case {
    /// A case with the same request as its warm-up.
    fn repeated(filter: &'static str, name: &str, config: Value, request: Request) -> Self {
        let before = vec![request.clone(); BEFORE];
        let name = name.to_owned();
        let host = Kind::Envoy;
        Self { filter, name, config, host, has_timer: false, before, request, status: 200 }
    }

    fn answered(self, status: u16) -> Self {
        Self { status, ..self }
    }

    fn on_kong(self) -> Self {
        Self { host: Kind::Nginx, ..self }
    }

    fn with_timer(self) -> Self {
        Self { has_timer: true, ..self }
    }
}

/// All of them.
///
/// # Errors
/// If a token cannot be signed.
pub(crate) fn all(issuer: &Issuer) -> Result<Vec<Case>> {
    let mut cases = Vec::from(of_cors());
    cases.extend(of_jwt_auth(issuer)?);
    cases.extend(of_rate_limit());
    cases.push(Case::repeated("header-transform", "added", header_transform(), page()));
    cases.extend(of_gateway(issuer)?);
    Ok(cases)
}

fn of_cors() -> [Case; 5] {
    let case = |name, request| Case::repeated("cors", name, cors(), request);
    let foreign = with(&page(), "Origin", "https://evil.example");
    [
        case("no origin", without(&page(), "Origin")),
        case("allowed origin", page()),
        case("foreign origin", foreign),
        case("preflight", preflight("https://app.novasphere.io")).answered(204),
        case("foreign preflight", preflight("https://evil.example")).answered(204),
    ]
}

fn of_jwt_auth(issuer: &Issuer) -> Result<Vec<Case>> {
    let config = jwt_auth(issuer.jwks());
    let case = |name: &str, request| Case::repeated("jwt-auth", name, config.clone(), request);
    let warm = signed(issuer, "HS256", 0)?;
    let mut forged = issuer.token("HS256", 0, &expiry())?;
    forged.replace_range(forged.len() - 4.., "AAAA");
    let mut cases = vec![
        case("warm", warm),
        case("no token", page()).answered(401),
        case("bad signature", bearing(&forged)).answered(401),
    ];
    for algorithm in ALGORITHMS {
        let name = format!("cold {algorithm}");
        let before = (0..BEFORE).map(|number| signed(issuer, algorithm, number));
        let before = before.collect::<Result<_>>()?;
        cases.push(Case { before, ..case(&name, signed(issuer, algorithm, BEFORE)?) });
    }
    Ok(cases)
}

fn of_rate_limit() -> [Case; 5] {
    let case = |name, config| Case::repeated("rate-limit", name, config, page());
    let few = json!({"minute": 5, "limit_by": "ip", "headers": "ietf"});
    [
        case("one limit for all", without_lease(rate_limit_for_all())),
        case("by address, ietf", without_lease(rate_limit("ietf"))),
        case("by address, kong", without_lease(rate_limit("kong"))),
        case("leased, ietf", rate_limit_by_forwarded("ietf")).with_timer(),
        case("limited", few).answered(429),
    ]
}

fn of_gateway(issuer: &Issuer) -> Result<Vec<Case>> {
    let config = |headers| gateway(issuer.jwks(), without_lease(rate_limit(headers)));
    let case = |name, config, request| Case::repeated("gateway", name, config, request);
    let mut few = config("ietf");
    if let Some(limit) = few.get_mut("rate_limit") {
        *limit = json!({"minute": 5, "limit_by": "ip", "headers": "ietf"});
    }
    let warm = signed(issuer, "HS256", 0)?;
    let cold = (0..BEFORE).map(|number| signed(issuer, "HS256", number));
    let cold = Case {
        before: cold.collect::<Result<_>>()?,
        ..case("cold, ietf", config("ietf"), signed(issuer, "HS256", BEFORE)?)
    };
    Ok(vec![
        case("warm, ietf", config("ietf"), warm.clone()),
        case("warm, kong", config("kong"), warm.clone()),
        case("on Kong, ietf", config("ietf"), warm.clone()).on_kong(),
        case("on Kong, kong", config("kong"), warm.clone()).on_kong(),
        case("warm, leased", gateway(issuer.jwks(), rate_limit_by_forwarded("ietf")), warm.clone())
            .with_timer(),
        cold,
        case("preflight", config("ietf"), preflight("https://app.novasphere.io")).answered(204),
        case("no token", config("ietf"), page()).answered(401),
        case("limited", few, warm).answered(429),
    ])
}

fn page() -> Request {
    let fields = REQUEST.iter();
    // Envoy appends the client's address.
    let request = Request::get(PATH).header("X-Forwarded-For", "192.0.2.1");
    fields.fold(request, |request, (name, value)| request.header(name, value))
}

fn preflight(origin: &str) -> Request {
    let mut request = with(&page(), "Origin", origin)
        .header("Access-Control-Request-Method", "PUT")
        .header("Access-Control-Request-Headers", "authorization,content-type");
    request.method = b"OPTIONS".to_vec();
    request
}

fn signed(issuer: &Issuer, algorithm: &str, number: usize) -> Result<Request> {
    Ok(bearing(&issuer.token(algorithm, number, &expiry())?))
}

fn bearing(token: &str) -> Request {
    page().header("Authorization", format!("Bearer {token}"))
}

fn expiry() -> Value {
    (NOW / 1000 + 3600).into()
}

fn with(request: &Request, name: &str, value: &str) -> Request {
    without(request, name).header(name, value)
}

fn without(request: &Request, name: &str) -> Request {
    let mut request = request.clone();
    request.headers.retain(|(known, _)| known != name.as_bytes());
    request
}
