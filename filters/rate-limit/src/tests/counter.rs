//! Counting in the table of a proxy.

use std::collections::HashMap;

use super::*;
use crate::counter::Slots;

#[test]
fn lost_race_is_decided_again_and_counted_once() {
    let filter = build(r#"{"hour": 3}"#);
    let (host, mut state) = (host(), State::default());
    for _ in 0..3 {
        host.cas_mismatches.set(5);
        assert!(passes(&host, &filter, &mut state, &[]));
    }
    host.cas_mismatches.set(5);
    assert!(!passes(&host, &filter, &mut state, &[]));
}

#[test]
fn fault_tolerant_decides_when_shared_data_fails() {
    let host = host();
    host.shared_data_fails.set(true);
    let tolerant = build(r#"{"hour": 1}"#);
    assert!(passes(&host, &tolerant, &mut State::default(), &[]));
    let strict = build(r#"{"hour": 1, "fault_tolerant": false}"#);
    match send(&host, &strict, &mut State::default(), &[]) {
        Decision::Respond { response, reason, .. } => {
            assert_eq!((response.status, reason), (500, "store_failed_refused"));
        }
        other => panic!("{other:?}"),
    }
    host.shared_data_fails.set(false);
    host.cas_mismatches.set(u32::MAX);
    assert!(!passes(&host, &strict, &mut State::default(), &[]), "bounded tries");
}

#[test]
fn workers_share_counts_and_limiters_do_not() {
    let filter = build(r#"{"hour": 2}"#);
    let host = host();
    let (mut one, mut two) = (State::default(), State::default());
    assert!(passes(&host, &filter, &mut one, &[]));
    assert!(passes(&host, &filter, &mut two, &[]));
    assert!(!passes(&host, &filter, &mut one, &[]));
    assert!(!passes(&host, &filter, &mut two, &[]));
    for other in
        [r#"{"hour": 3}"#, r#"{"hour": 2, "name": "b"}"#, r#"{"hour": 2, "limit_by": "service"}"#]
    {
        assert!(passes(&host, &build(other), &mut State::default(), &[]), "{other}");
    }
}

#[test]
fn table_size_follows_max_clients() {
    let slots = |config: &str| build(config).settings.counter.table().unwrap().slots();
    assert_eq!(slots(r#"{"hour": 1}"#), Slots::for_clients(65_536));
    assert_eq!(Slots::for_clients(65_536).count(), 32_768);
    assert_eq!(slots(r#"{"hour": 1, "max_clients": 1024}"#).count(), 512);
    assert!(
        errors(r#"{"hour": 1, "max_clients": 5}"#).starts_with("max_clients: must be 1,024 to")
    );
}

#[test]
fn clients_beyond_the_table_size_do_not_grow_it() {
    let filter = build(
        r#"{"hour": 9, "limit_by": "header", "header_name": "x-client", "max_clients": 1024}"#,
    );
    let (host, mut state) = (host(), State::default());
    for n in 0..20_000 {
        let client = format!("client-{n}");
        assert!(passes(&host, &filter, &mut state, &[("x-client", &client)]));
    }
    assert!(host.shared_values.borrow().len() <= 512 + 1);
    assert!(host.events.borrow().contains(&"evicted"));
}

proptest! {
    /// For any order of requests, clients and times, with clock readings that are sometimes a little
    /// old: exactly the limit passes per client and window.
    #[test]
    fn passes_the_same_requests_as_a_plain_count(
        steps in prop::collection::vec((0_u64..40, 0_u64..4, 0_u8..6), 1..300),
        minute in 1_u32..6,
        more in 0_u32..10,
    ) {
        let hour = minute + more;
        let filter = build(&format!(
            r#"{{"minute": {minute}, "hour": {hour}, "limit_by": "header", "header_name": "c"}}"#
        ));
        let (host, mut state) = (host(), State::default());
        let mut counts: HashMap<(u8, char, u64), u32> = HashMap::new();
        let mut last: HashMap<u8, u64> = HashMap::new();
        let mut clock = host.millis.get() / 1000;
        for (wait, late, client) in steps {
            clock += wait;
            host.millis.set((clock - late) * 1000);
            let now = last.get(&client).copied().unwrap_or(0).max(clock - late);
            let (in_minute, in_hour) = ((client, 'm', now / 60), (client, 'h', now / 3600));
            let expected = counts.get(&in_minute).copied().unwrap_or(0) < minute
                && counts.get(&in_hour).copied().unwrap_or(0) < hour;
            if expected {
                *counts.entry(in_minute).or_default() += 1;
                *counts.entry(in_hour).or_default() += 1;
                last.insert(client, now);
            }
            let name = client.to_string();
            prop_assert_eq!(passes(&host, &filter, &mut state, &[("c", &name)]), expected);
        }
    }

    #[test]
    fn any_head_is_decided(name in ".{0,20}", value in prop::collection::vec(any::<u8>(), 0..300)) {
        for by in ["ip", "consumer", "service"] {
            let filter = build(&format!(r#"{{"hour": 1, "limit_by": "{by}"}}"#));
            let lines = [(name.as_bytes(), value.as_slice()), (&b"x-consumer-id"[..], &value)];
            let head = RequestHead { headers: Headers::borrowed(lines) };
            filter.on_request(&head, &mut State::default(), &host().env());
        }
    }
}

#[test]
fn scope_separates_the_counts_of_routes() {
    for (scope, expected) in [("global", [true, false, false]), ("route", [true, true, false])] {
        let filter = build(&format!(r#"{{"hour": 1, "scope": "{scope}"}}"#));
        let (host, mut state) = (host(), State::default());
        let passes = ["a", "b", "a"].map(|route| {
            *host.route.borrow_mut() = Some(route.into());
            passes(&host, &filter, &mut state, &[])
        });
        assert_eq!(passes, expected, "{scope}");
    }
}
