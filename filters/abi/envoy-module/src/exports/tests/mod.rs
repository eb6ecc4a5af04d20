//! The hooks, called as Envoy calls them.

use std::{sync::atomic::Ordering, thread, time::Duration};

use novasphere_core::Fetch;

use self::{
    fake_envoy::{FakeStream, log},
    filter::{ABANDONED, PathFilter, STATE_PANICS, TIMER_PANICS, WHILE_DECIDING},
};
use super::*;
use crate::config::Config;

mod fake_envoy;
mod filter;
mod requests;
mod waiting;

const VALID: &str = r#"{"valid": true}"#;

/// Creates a configuration of `host`. Null if the module refuses it.
fn configure(host: &FakeStream, name: &str, text: &str) -> ModuleObject {
    crate::module::serve::<PathFilter>();
    let (name, text) = (Buffer::of(name.as_bytes()), Buffer::of(text.as_bytes()));
    envoy_dynamic_module_on_http_filter_config_new(host.object(), name, text)
}

/// A separate configuration, which ends with the test.
struct Configured {
    host: Box<FakeStream>,
    config: ModuleObject,
}

impl Configured {
    fn new() -> Self {
        let host = FakeStream::new(&[]);
        let config = configure(&host, "path-filter", VALID);
        assert!(!config.is_null(), "{:?}", log());
        Self { host, config }
    }

    fn on_scheduled(&self) {
        envoy_dynamic_module_on_http_filter_config_scheduled(self.host.object(), self.config, 0);
    }

    fn send<'c>(&'c self, lines: &[(&str, &str)]) -> Exchange<'c> {
        let stream = FakeStream::new(lines);
        let module = envoy_dynamic_module_on_http_filter_new(self.config, stream.object());
        assert!(!module.is_null());
        Exchange { _config: self, stream, module }
    }

    /// Sends a request for `path`. Returns the exchange and the status of the hook.
    fn get(&self, path: &str) -> (Exchange<'_>, u32) {
        let exchange = self.send(&[(":method", "GET"), (":path", path)]);
        let status = exchange.on_request();
        (exchange, status)
    }
}

impl Drop for Configured {
    fn drop(&mut self) {
        envoy_dynamic_module_on_http_filter_config_destroy(self.config);
        assert_eq!(self.host.schedulers.load(Ordering::SeqCst), 0);
    }
}

/// A stream of Envoy and the module's own.
struct Exchange<'c> {
    _config: &'c Configured,
    stream: Box<FakeStream>,
    module: ModuleObject,
}

impl Exchange<'_> {
    fn on_request(&self) -> u32 {
        envoy_dynamic_module_on_http_filter_request_headers(self.stream.object(), self.module, true)
    }

    fn on_response(&self) -> u32 {
        envoy_dynamic_module_on_http_filter_response_headers(
            self.stream.object(),
            self.module,
            true,
        )
    }

    fn on_scheduled(&self) {
        envoy_dynamic_module_on_http_filter_scheduled(self.stream.object(), self.module, 0);
    }

    fn on_callout_end(&self, id: u64, result: u32) {
        let (name, value) = (b":status", b"200");
        let (line, piece) = (Line::of(name, value), Buffer::of(b"1"));
        envoy_dynamic_module_on_http_filter_http_callout_done(
            self.stream.object(),
            self.module,
            id,
            result,
            &raw const line,
            1,
            &raw const piece,
            1,
        );
    }

    /// The request header `name`.
    fn request_header(&self, name: &str) -> Option<String> {
        header(&self.stream.request.borrow(), name)
    }

    fn response_header(&self, name: &str) -> Option<String> {
        header(&self.stream.response.borrow(), name)
    }

    /// The status and the details of the only local response.
    fn reply(&self) -> (u32, String) {
        let replies = self.stream.replies.borrow();
        let [reply] = replies.as_slice() else { panic!("{replies:?}") };
        (reply.status, reply.details.clone())
    }

    fn end(self) {
        envoy_dynamic_module_on_http_filter_destroy(self.module);
    }
}

/// Waits for an event of a scheduler.
fn wait_for_event(stream: &FakeStream) {
    let is_scheduled = |_| {
        thread::sleep(Duration::from_millis(1));
        stream.is_scheduled.swap(false, Ordering::SeqCst)
    };
    assert!((0..10_000).any(is_scheduled), "no event");
}

fn header(lines: &[(Vec<u8>, Vec<u8>)], name: &str) -> Option<String> {
    let (_, value) = lines.iter().find(|(known, _)| known == name.as_bytes())?;
    Some(String::from_utf8(value.clone()).unwrap())
}

#[test]
fn refused_configuration_is_null_and_its_faults_are_logged() {
    let host = FakeStream::new(&[]);
    assert!(configure(&host, "path-filter", r#"{"valid": false}"#).is_null());
    let version = format!("novasphere path-filter: version {}", env!("CARGO_PKG_VERSION"));
    let refused = "novasphere path-filter: configuration refused: ";
    assert_eq!(log(), [version, format!("{refused}valid: must be true, got false")]);
    assert!(configure(&host, "path-filter", "").is_null());
    assert!(log().iter().all(|line| line.starts_with(refused)));
    for name in ["", "cors", "path-filters", "path-filter.a"] {
        assert!(configure(&host, name, VALID).is_null(), "{name}");
        let log = log().join("\n");
        assert!(
            log.contains("filter_name: expected \"path-filter\"") && log.contains(name),
            "{log}"
        );
    }
}

/// Without the thread, no keys would be fetched, and waiting requests would hang.
#[test]
fn configuration_is_refused_if_its_thread_cannot_be_started() {
    let host = FakeStream::new(&[]);
    // SAFETY: the host outlives the handle.
    let handle = unsafe { ConfigHandle::new(host.object()) };
    // No system has memory for this stack.
    let threads = thread::Builder::new().stack_size(1 << 60);
    let (name, text) = (b"path-filter", VALID.as_bytes());
    assert!(Config::<PathFilter>::new(&handle, name, text, threads).is_none());
    let log = log().join("\n");
    for part in ["path-filter: configuration refused: cannot start a thread", "pids limit"] {
        assert!(log.contains(part), "{log}");
    }
    assert_eq!(host.schedulers.load(Ordering::SeqCst), 0);
}

#[test]
fn filter_name_may_have_a_scope() {
    let host = FakeStream::new(&[]);
    let config = configure(&host, "path-filter/one", VALID);
    assert!(!config.is_null());
    envoy_dynamic_module_on_http_filter_config_destroy(config);
}

/// Envoy cancels the fetches of a configuration that ends.
#[test]
fn filter_abandons_the_pending_fetches_of_a_configuration_that_ends() {
    drop(Configured::new());
    assert_eq!(ABANDONED.get(), 0);
    let configured = Configured::new();
    let config: *const Config<PathFilter> = configured.config.cast();
    let fetch = Fetch {
        purpose: 0,
        upstream: "keys".to_owned(),
        https: true,
        authority: "issuer.example".to_owned(),
        path: "/jwks".to_owned(),
        accept: "application/json",
        timeout_ms: 5_000,
        max_body: 100,
    };
    // SAFETY: the configuration is alive, and of this filter.
    unsafe { &*config }.fetches.add(1, &fetch);
    drop(configured);
    assert_eq!(ABANDONED.get(), 1);
}
