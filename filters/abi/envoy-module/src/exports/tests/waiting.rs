//! Requests that wait.

use std::sync::atomic::AtomicPtr;

use super::*;

#[test]
fn woken_request_continues() {
    let config = Configured::new();
    let (exchange, status) = config.get("/wait");
    assert_eq!(status, STOP_ALL_AND_WATERMARK);
    assert_eq!(exchange.stream.schedulers.load(Ordering::SeqCst), 1);
    exchange.on_scheduled();
    assert_eq!(exchange.stream.continues.get(), 1);
    assert_eq!(exchange.stream.schedulers.load(Ordering::SeqCst), 0);
    // A second event of the same pause.
    exchange.on_scheduled();
    assert_eq!(exchange.stream.continues.get(), 1);
    exchange.end();
}

#[test]
fn full_queue_has_capacity_again_after_its_request() {
    let config = Configured::new();
    let (first, _) = config.get("/wait");
    // The filter asserts that the queue has capacity for one request.
    let (second, _) = config.get("/wait");
    assert_eq!(second.reply().0, 500);
    second.end();
    first.end();
    let (third, _) = config.get("/wait");
    assert!(third.stream.replies.borrow().is_empty());
    third.end();
}

#[test]
fn request_of_a_gone_client_leaves_no_scheduler() {
    let config = Configured::new();
    let (exchange, _) = config.get("/wait");
    envoy_dynamic_module_on_http_filter_destroy(exchange.module);
    assert_eq!(exchange.stream.schedulers.load(Ordering::SeqCst), 0);
}

#[test]
fn request_that_waits_again_keeps_its_time_limit() {
    let config = Configured::new();
    let (exchange, _) = config.get("/wait-briefly");
    // Woken without a result, until the filter has no more time: at least twice within 2 s.
    let is_refused = |_: &u32| {
        exchange.on_scheduled();
        thread::sleep(Duration::from_millis(5));
        !exchange.stream.replies.borrow().is_empty()
    };
    let wakes = (1..2_000).find(is_refused);
    assert!(wakes.is_some_and(|wakes| wakes >= 2), "{wakes:?}");
    assert_eq!(exchange.reply().0, 403);
    assert_eq!(exchange.stream.schedulers.load(Ordering::SeqCst), 0);
    exchange.end();
}

#[test]
fn time_limit_wakes_a_request() {
    let config = Configured::new();
    let (exchange, _) = config.get("/wait-briefly");
    wait_for_event(&exchange.stream);
    exchange.on_scheduled();
    assert_eq!((exchange.reply().0, exchange.stream.continues.get()), (403, 0));
    exchange.end();
}

#[test]
fn work_of_the_filter_is_due_at_once_and_again() {
    let config = Configured::new();
    for _ in 0..3 {
        wait_for_event(&config.host);
        config.on_scheduled();
    }
}

#[test]
fn work_is_due_again_after_a_panic() {
    let config = Configured::new();
    wait_for_event(&config.host);
    TIMER_PANICS.set(true);
    config.on_scheduled();
    TIMER_PANICS.set(false);
    wait_for_event(&config.host);
    config.on_scheduled();
    // The timer's own interval again.
    wait_for_event(&config.host);
}

/// A worker's request may need something that only the main thread can fetch.
#[test]
fn waiting_request_makes_work_due() {
    let config = Configured::new();
    wait_for_event(&config.host);
    // Without the hook's call, no work would be due.
    let (exchange, _) = config.get("/wait");
    wait_for_event(&config.host);
    exchange.end();
}

#[test]
fn work_wakes_all_waiting_requests() {
    let config = Configured::new();
    let (exchange, _) = config.get("/wait");
    config.on_scheduled();
    wait_for_event(&exchange.stream);
    exchange.on_scheduled();
    assert_eq!(exchange.stream.continues.get(), 1);
    exchange.end();
}

/// Newer Envoys hold a reference to the configuration while they post an event to it. It can be the
/// last one.
#[test]
fn configuration_can_end_on_the_thread_of_its_timer() {
    let host = FakeStream::new(&[]);
    let config = configure(&host, "path-filter", VALID);
    wait_for_event(&host);
    host.ends_at_event.store(config.cast_mut(), Ordering::SeqCst);
    envoy_dynamic_module_on_http_filter_config_scheduled(host.object(), config, 0);
    // The thread deletes its scheduler when it ends.
    let has_ended = |_| {
        thread::sleep(Duration::from_millis(1));
        host.schedulers.load(Ordering::SeqCst) == 0
    };
    assert!((0..10_000).any(has_ended), "the thread does not end");
}

/// The main thread wakes all waiting requests after the filter has decided that this one waits, but
/// before it does.
#[test]
fn request_does_not_wait_for_news_that_came_while_the_filter_decided() {
    let config = Configured::new();
    let host = AtomicPtr::new(config.host.object());
    let module = AtomicPtr::new(config.config.cast_mut());
    let work = move || {
        let (host, module) = (host.into_inner(), module.into_inner());
        envoy_dynamic_module_on_http_filter_config_scheduled(host, module, 0);
    };
    WHILE_DECIDING.set(Some(Box::new(move || thread::spawn(work).join().unwrap())));
    let (exchange, status) = config.get("/wait");
    assert_eq!(status, STOP_ALL_AND_WATERMARK);
    assert!(exchange.stream.is_scheduled.load(Ordering::SeqCst));
    exchange.on_scheduled();
    assert_eq!(exchange.stream.continues.get(), 1);
    assert_eq!(exchange.stream.schedulers.load(Ordering::SeqCst), 0);
    exchange.end();
}
