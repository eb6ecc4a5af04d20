//! Responses of upstreams that have rate-limit headers.

use super::*;

#[test]
fn keeps_headers_of_a_stricter_upstream() {
    let filter = build(r#"{"minute": 5, "hour": 9}"#);
    let (host, mut state) = (host(), State::default());
    let mut after = |upstream: &[(&str, &str)]| {
        let decision = send(&host, &filter, &mut State::default(), &[("x", "y")]);
        state = State::default();
        host.shared_values.borrow_mut().clear();
        headers_after(decision, &filter, upstream)
    };
    let all = "x-ratelimit-limit-minute=5 x-ratelimit-remaining-minute=4 x-ratelimit-limit-hour=9 \
               x-ratelimit-remaining-hour=8 ratelimit-limit=5 ratelimit-remaining=4 \
               ratelimit-reset=18";
    assert_eq!(after(&[]), all);
    for weaker in ["4", "5", "77", "many", ""] {
        assert_eq!(after(&[("ratelimit-remaining", weaker)]), all, "{weaker}");
    }
    assert_eq!(after(&[("ratelimit-remaining", "4"), ("ratelimit-reset", "17")]), all);
    assert!(
        !after(&[("ratelimit-remaining", "4"), ("ratelimit-reset", "1200")]).contains("-reset")
    );
    assert_eq!(
        after(&[("ratelimit-remaining", "3"), ("x-ratelimit-remaining-hour", "0")]),
        "x-ratelimit-limit-minute=5 x-ratelimit-remaining-minute=4"
    );
}

#[test]
fn ietf_headers_keep_other_policies() {
    let filter = build(r#"{"minute": 5, "headers": "ietf"}"#);
    let host = host();
    let after = |upstream: &[(&str, &str)]| {
        host.shared_values.borrow_mut().clear();
        let decision = send(&host, &filter, &mut State::default(), &[]);
        headers_after(decision, &filter, upstream)
    };
    let ours = r#"ratelimit="minute";r=4;t=18 ratelimit-policy="minute";q=5;w=60"#;
    let limit = |value| after(&[("ratelimit", value)]);
    assert_eq!(
        after(&[("ratelimit", r#""daily";r=1;t=50"#), ("ratelimit-policy", r#""daily";q=9"#)]),
        r#"ratelimit="daily";r=1;t=50, "minute";r=4;t=18 ratelimit-policy="daily";q=9, "minute";q=5;w=60"#
    );
    assert_eq!(
        limit(r#""daily";r=0;t=9000, "minute";r=50"#),
        r#"ratelimit="daily";r=0;t=9000, "minute";r=4;t=18 ratelimit-policy="minute";q=5;w=60"#
    );
    assert_eq!(
        after(&[("ratelimit-policy", r#""daily";q=10"#)]),
        r#"ratelimit="minute";r=4;t=18 ratelimit-policy="daily";q=10, "minute";q=5;w=60"#
    );
    assert_eq!(limit(r#""daily";r=1;t=50, "minute";r=3;t=9"#), "");
    assert_eq!(after(&[("ratelimit", r#""daily";r=0"#), ("ratelimit", r#""minute";r=1"#)]), "");
    assert_eq!(limit(r#""minute";r=4;t=18"#), "");
    assert_eq!(limit(r#""minute";r=4"#), ours);
    assert_eq!(limit(r#""minute";r=5"#), ours);
    assert_eq!(limit("limit=100, remaining=50, reset=30"), ours);
}

#[test]
fn later_reset_wins_between_equal_ietf_quotas() {
    // The hour is the tightest window and ends in 1,338 seconds.
    let filter = build(r#"{"minute": 9, "hour": 9, "headers": "ietf"}"#);
    let host = host();
    let after = |theirs: &str| {
        host.shared_values.borrow_mut().clear();
        let decision = send(&host, &filter, &mut State::default(), &[]);
        headers_after(decision, &filter, &[("ratelimit", theirs)])
    };
    let ours =
        r#"ratelimit="hour";r=8;t=1338 ratelimit-policy="minute";q=9;w=60, "hour";q=9;w=3600"#;
    assert_eq!(after(r#""minute";r=8;t=20"#), ours);
    assert_eq!(after(r#""hour";r=8;t=1337"#), ours);
    assert_eq!(after(r#""minute";r=8;t=1338"#), "");
    assert_eq!(after(r#""minute";r=7;t=20"#), "");
    assert_eq!(after(r#""minute";r=8;t=20, "hour";r=8;t=1339"#), "");
}

/// A client reads one form of the fields only, so each must show the strictest quota.
#[test]
fn kong_headers_follow_every_draft() {
    let filter = build(r#"{"minute": 5}"#);
    let host = host();
    let after = |upstream: &[(&str, &str)]| {
        host.shared_values.borrow_mut().clear();
        let decision = send(&host, &filter, &mut State::default(), &[]);
        let lines = headers_after(decision, &filter, upstream);
        let windows = "x-ratelimit-limit-minute=5 x-ratelimit-remaining-minute=4";
        lines.strip_prefix(windows).expect("the fields of the window").trim_start().to_owned()
    };
    let ours = "ratelimit-limit=5 ratelimit-remaining=4 ratelimit-reset=18";
    let replaced = format!("{ours} -ratelimit -ratelimit-policy");
    let draft_07 = |line| after(&[("ratelimit", line)]);
    assert_eq!(
        draft_07("limit=10, remaining=2, reset=30"),
        "ratelimit-limit=10 ratelimit-remaining=2 ratelimit-reset=30"
    );
    assert_eq!(draft_07("remaining=2"), "ratelimit-remaining=2");
    assert_eq!(draft_07("limit=10, remaining=5, reset=30"), replaced);
    let policy = ("ratelimit-policy", r#""a";q=7;w=60"#);
    assert_eq!(
        after(&[("ratelimit", r#""b";r=9, "a";r=1;t=8"#), policy]),
        "ratelimit-limit=7 ratelimit-remaining=1 ratelimit-reset=8"
    );
    assert_eq!(after(&[("ratelimit", r#""a";r=9;t=8"#), policy]), replaced);
    assert_eq!(after(&[policy]), ours);
    assert_eq!(draft_07("many"), ours);
    // The three fields are stricter than ours, and RateLimit is stricter than both.
    let lines = [("ratelimit-remaining", "3"), ("ratelimit-limit", "9")];
    assert_eq!(
        after(&[&lines[..], &[("ratelimit", "remaining=2")]].concat()),
        "-ratelimit-limit ratelimit-remaining=2"
    );
    assert_eq!(
        after(&[&lines[..], &[("ratelimit", "remaining=4")]].concat()),
        "-ratelimit -ratelimit-policy"
    );
}

#[test]
fn strictest_of_several_upstream_lines_counts() {
    let filter = build(r#"{"minute": 5}"#);
    let host = host();
    let after = |upstream: &[(&str, &str)]| {
        host.shared_values.borrow_mut().clear();
        let decision = send(&host, &filter, &mut State::default(), &[]);
        headers_after(decision, &filter, upstream)
    };
    assert_eq!(
        after(&[
            ("ratelimit-limit", "9"),
            ("ratelimit-remaining", "7"),
            ("ratelimit-limit", "8"),
            ("ratelimit-remaining", "2"),
            ("x-ratelimit-limit-minute", "9"),
            ("x-ratelimit-remaining-minute", "7"),
            ("x-ratelimit-limit-minute", "8"),
            ("x-ratelimit-remaining-minute", "2"),
        ]),
        "x-ratelimit-limit-minute=8 x-ratelimit-remaining-minute=2 ratelimit-limit=8 \
         ratelimit-remaining=2"
    );
    assert_eq!(
        after(&[("ratelimit-remaining", "7"), ("ratelimit-remaining", "9")]),
        "x-ratelimit-limit-minute=5 x-ratelimit-remaining-minute=4 ratelimit-limit=5 \
         ratelimit-remaining=4 ratelimit-reset=18"
    );
}

#[test]
fn ietf_headers_follow_every_draft() {
    let filter = build(r#"{"minute": 5, "headers": "ietf"}"#);
    let host = host();
    let after = |upstream: &[(&str, &str)]| {
        host.shared_values.borrow_mut().clear();
        let decision = send(&host, &filter, &mut State::default(), &[]);
        headers_after(decision, &filter, upstream)
    };
    let fields =
        [("ratelimit-limit", "10"), ("ratelimit-remaining", "2"), ("ratelimit-reset", "30")];
    let with_upstream = r#"ratelimit="upstream";r=2;t=30, "minute";r=4;t=18 ratelimit-policy="upstream";q=10, "minute";q=5;w=60"#;
    assert_eq!(after(&fields), with_upstream);
    assert_eq!(after(&[("ratelimit", "limit=10, remaining=2, reset=30")]), with_upstream);
    let weaker = [("ratelimit-remaining", "7"), ("ratelimit-limit", "10")];
    assert_eq!(
        after(&weaker),
        r#"ratelimit="minute";r=4;t=18 ratelimit-policy="minute";q=5;w=60 -ratelimit-limit -ratelimit-remaining -ratelimit-reset"#
    );
    // RateLimit has the strictest quota, under a name of this filter.
    assert_eq!(
        after(&[&fields[..], &[("ratelimit", r#""minute";r=1;t=3"#)]].concat()),
        r#"ratelimit="upstream";r=2;t=30, "minute";r=1;t=3 ratelimit-policy="upstream";q=10 -ratelimit-limit -ratelimit-remaining -ratelimit-reset"#
    );
    assert_eq!(
        after(&[("ratelimit-remaining", "3"), ("ratelimit-remaining", "2")]),
        r#"ratelimit="upstream";r=2, "minute";r=4;t=18 ratelimit-policy="minute";q=5;w=60 -ratelimit-limit ratelimit-remaining=2 -ratelimit-reset"#
    );
}
