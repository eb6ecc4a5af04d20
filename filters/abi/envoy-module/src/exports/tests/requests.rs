//! Requests and responses.

use super::*;

const ALLOWED: &str = "novasphere_decisions_total.filter=path-filter.decision=allowed";
const ORPHANED: &str = "novasphere_events_total.filter=path-filter.event=orphaned";
const PANICKED: &str = "novasphere_events_total.filter=path-filter.event=panicked";

#[test]
fn continued_request_and_its_response_are_changed() {
    let config = Configured::new();
    let exchange =
        config.send(&[(":path", "/"), ("x-secret", "s"), ("x-user", "forged"), ("x-user", "2")]);
    assert_eq!(exchange.on_request(), CONTINUE);
    assert_eq!(exchange.request_header("x-secret"), None);
    assert_eq!(exchange.request_header("x-user").as_deref(), Some("u-1"));
    assert_eq!(exchange.stream.request.borrow().len(), 2);
    assert_eq!(exchange.stream.count(ALLOWED), 1);
    assert_eq!(exchange.on_response(), CONTINUE);
    assert_eq!(exchange.response_header("x-added").as_deref(), Some("carried"));
    exchange.end();
}

/// A route must not follow from a forged header.
#[test]
fn route_is_selected_again_if_a_line_of_the_client_changes() {
    let config = Configured::new();
    let path = (":path", "/");
    for (lines, clears) in
        [(&[path, ("x-secret", "s")][..], 1), (&[path, ("x-user", "forged")], 1), (&[path], 0)]
    {
        let exchange = config.send(lines);
        exchange.on_request();
        assert_eq!(exchange.request_header("x-user").as_deref(), Some("u-1"));
        assert_eq!(exchange.stream.route_clears.get(), clears, "{lines:?}");
        exchange.end();
    }
}

/// Envoy adds no line without a value, and reports that as a failure.
#[test]
fn empty_header_is_left_out_and_the_request_continues() {
    let config = Configured::new();
    for lines in [&[(":path", "/empty")][..], &[(":path", "/empty"), ("x-user", "forged")]] {
        let exchange = config.send(lines);
        assert_eq!(exchange.on_request(), CONTINUE, "{lines:?}");
        assert_eq!(exchange.request_header("x-user"), None, "{lines:?}");
        exchange.end();
    }
}

#[test]
fn local_response_stops_everything_and_skips_the_response_phase() {
    let config = Configured::new();
    let (exchange, status) = config.get("/refuse");
    assert_eq!(status, STOP_ALL_AND_WATERMARK);
    assert_eq!(exchange.reply(), (403, "novasphere_path-filter:refused".to_owned()));
    assert_eq!(exchange.stream.replies.borrow()[0].body, b"no");
    assert_eq!(exchange.on_response(), CONTINUE);
    assert_eq!(exchange.response_header("x-added"), None);
    exchange.end();
}

/// Without a `grpc-status`, Envoy tells gRPC clients that the call succeeded.
#[test]
fn only_grpc_clients_get_a_grpc_status() {
    let config = Configured::new();
    for (content_type, expected) in [("application/grpc", Some("7")), ("application/json", None)] {
        let exchange = config.send(&[(":path", "/refuse"), ("content-type", content_type)]);
        exchange.on_request();
        let reply = exchange.stream.replies.borrow()[0].clone();
        assert_eq!(header(&reply.headers, "grpc-status").as_deref(), expected);
        assert_eq!(reply.status, if expected.is_some() { 200 } else { 403 });
        exchange.end();
    }
}

#[test]
fn panic_becomes_500_and_the_next_request_is_served() {
    let config = Configured::new();
    config.get("/state").0.end();
    let (exchange, status) = config.get("/panic");
    assert_eq!(status, STOP_ALL_AND_WATERMARK);
    assert_eq!(exchange.reply(), (500, "novasphere_fault".to_owned()));
    assert_eq!(exchange.stream.count(PANICKED), 1);
    exchange.end();
    let (next, status) = config.get("/state");
    assert_eq!(status, CONTINUE);
    // The state starts again.
    assert_eq!(next.stream.filter_state.borrow()[&b"wasm.requests"[..]], b"1");
    next.end();
}

#[test]
fn panic_in_the_response_phase_becomes_500() {
    let config = Configured::new();
    let (exchange, _) = config.get("/");
    exchange.stream.response.borrow_mut().push((b"x-panic".to_vec(), b"1".to_vec()));
    assert_eq!(exchange.on_response(), STOP_ALL_AND_WATERMARK);
    assert_eq!(exchange.reply().0, 500);
    exchange.end();
}

/// Older Envoys use a null pointer.
#[test]
fn stream_that_cannot_be_created_gets_500() {
    let config = Configured::new();
    STATE_PANICS.set(true);
    let (exchange, status) = config.get("/");
    STATE_PANICS.set(false);
    assert_eq!(status, STOP_ALL_AND_WATERMARK);
    assert_eq!(exchange.reply(), (500, "novasphere_fault".to_owned()));
    assert_eq!(exchange.on_response(), CONTINUE);
    exchange.on_scheduled();
    exchange.end();
    let (next, status) = config.get("/");
    assert_eq!(status, CONTINUE);
    next.end();
}

/// Envoy can end a stream while it sends a response.
#[test]
fn stream_may_end_during_its_local_response() {
    let config = Configured::new();
    for path in ["/refuse", "/panic"] {
        let exchange = config.send(&[(":path", path)]);
        exchange.stream.ends_at_reply.set(Some(exchange.module));
        assert_eq!(exchange.on_request(), STOP_ALL_AND_WATERMARK);
        assert_eq!(exchange.stream.replies.borrow().len(), 1);
        // The module's stream has ended.
    }
}

#[test]
fn client_address_has_no_port() {
    let config = Configured::new();
    let (exchange, _) = config.get("/address");
    assert_eq!(exchange.request_header("x-user").as_deref(), Some("192.0.2.7"));
    exchange.end();
}

#[test]
fn request_continues_after_its_callout() {
    let config = Configured::new();
    let (exchange, status) = config.get("/call");
    assert_eq!(status, STOP_ALL_AND_WATERMARK);
    let method = header(&exchange.stream.callouts.borrow()[0], ":method");
    assert_eq!(method.as_deref(), Some("POST"));
    exchange.on_callout_end(7, 0);
    assert_eq!(exchange.stream.continues.get(), 0, "another callout ended");
    exchange.on_callout_end(1, 0);
    assert_eq!(exchange.stream.continues.get(), 1);
    exchange.on_callout_end(1, 0);
    assert_eq!(exchange.stream.continues.get(), 1);
    exchange.end();
}

#[test]
fn failed_callout_is_decided_by_the_filter() {
    let config = Configured::new();
    let (exchange, _) = config.get("/call");
    exchange.on_callout_end(1, 1);
    assert_eq!((exchange.reply().0, exchange.stream.continues.get()), (403, 0));
    exchange.end();
    // An unknown cluster: no event follows.
    let exchange = config.send(&[(":path", "/call")]);
    exchange.stream.callout_status.set(2);
    assert_eq!(exchange.on_request(), STOP_ALL_AND_WATERMARK);
    assert_eq!(exchange.reply().0, 403);
    exchange.end();
}

/// Envoy cancels the callout of a request that ends. If all clients leave before the time limit, the
/// filter must still learn that its upstream stalls.
#[test]
fn filter_learns_of_an_overdue_callout_of_a_request_that_ends() {
    let config = Configured::new();
    let requests = || {
        let (exchange, _) = config.get("/state");
        let requests = exchange.stream.filter_state.borrow()[&b"wasm.requests"[..]].clone();
        let orphaned = exchange.stream.count(ORPHANED);
        exchange.end();
        (String::from_utf8(requests).unwrap(), orphaned)
    };
    config.get("/call-patiently").0.end();
    assert_eq!(requests(), ("2".to_owned(), 0), "a client may leave early for its own reasons");
    let (exchange, _) = config.get("/call");
    thread::sleep(Duration::from_millis(100));
    exchange.end();
    assert_eq!(requests(), ("1004".to_owned(), 1));
    // Envoy responded, for example at the time limit of the route.
    let (exchange, _) = config.get("/call");
    thread::sleep(Duration::from_millis(100));
    assert_eq!(exchange.on_response(), CONTINUE);
    exchange.end();
    assert_eq!(requests(), ("2006".to_owned(), 1));
}

#[test]
fn panic_after_a_callout_becomes_500() {
    let config = Configured::new();
    let (exchange, _) = config.get("/call-panic");
    exchange.on_callout_end(1, 0);
    assert_eq!((exchange.reply().0, exchange.stream.continues.get()), (500, 0));
    exchange.end();
}
