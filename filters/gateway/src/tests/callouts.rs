//! Pauses, fetches and callouts.

use super::*;

#[test]
fn counts_paused_requests_when_they_are_decided() {
    let gateway = configured(
        r#"{"cors": {"origins": ["*"]},
            "jwt_auth": {"jwks": [{"issuer": "https://id.example", "cluster": "id", "path": "/keys"}]}}"#,
    );
    let (host, mut states) = (TestHost::default(), States::default());
    host.can_pause.set(true);
    let token = format!(
        "Bearer {}.{}.c2lnbmF0dXJl",
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ",
        "eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJleHAiOjQwMDAwMDAwMDB9"
    );
    let decision =
        decide(&host, &gateway, &mut states, &[("authorization", &token), (":path", "/")]);
    let Decision::Pause { queue, .. } = decision else { panic!("does not pause") };
    assert_eq!(queue % 4, 1, "of the second filter");
    assert!(!recorded(&host, &gateway).iter().any(|name| name.contains("decision=")));
    let actions = gateway.on_timer(&mut states, &host.env());
    assert_eq!(actions.fetches.len(), 1);
    assert_eq!(actions.fetches[0].purpose % 4, 1);
}

/// When the callout ends, the request passes the chain again from its start.
#[test]
fn calling_filter_gets_the_result_and_each_event_counts_once() {
    let gateway = configured(&format!(
        r#"{{
            "cors": {{"origins": ["https://a.example"]}},
            "jwt_auth": {{"credentials": [{{"key": "k", "secret": "{SECRET}"}}], "optional": true}},
            "rate_limit": {{"hour": 1, "policy": "redis", "limit_by": "claim", "claim_name": "org",
                "redis": {{"uri": "http://redis:80/", "on_error": "deny"}}}}
        }}"#
    ));
    let (host, mut states) = (TestHost::default(), States::default());
    let Decision::Call(call) = decide(&host, &gateway, &mut states, &[(":path", "/")]) else {
        panic!("makes no callout");
    };
    assert!(!recorded(&host, &gateway).iter().any(|name| name.contains("decision=")));
    let body = String::from_utf8(call.body).unwrap();
    let nonce = body.split('"').nth(9).unwrap();
    let body = format!(r#"{{"result":["{nonce}",1,5000,1]}}"#);
    let response = |status, body| {
        Ok(FetchResponse { status, headers: Headers::default(), body: str::as_bytes(body) })
    };
    let mut again = |response| {
        let result = CalloutResult { ticket: &call.ticket, response: &response };
        let env = Env { callout: Some(result), ..host.env() };
        gateway.on_request(&RequestHead::default(), &mut states, &env)
    };
    assert!(matches!(again(response(200, &body)), Decision::Continue { .. }));
    let counted = recorded(&host, &gateway);
    for name in [
        "cors.decision=no_origin.decisions",
        "jwt-auth.decision=optional.decisions",
        "rate-limit.decision=allowed.decisions",
        "rate-limit.event=fell_back_to_ip.events",
        "rate-limit.event=redis_called.events",
    ] {
        assert_eq!(
            counted.iter().filter(|counted| *counted == name).count(),
            1,
            "{name}: {counted:?}"
        );
    }
    assert!(
        matches!(again(response(500, "")), Decision::Respond { response, .. } if response.status == 503)
    );
    assert_eq!(Gateway::responder(&states), "rate-limit");
}
