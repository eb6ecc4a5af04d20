use crate::exports::for_envoy;

/// A module that exports function 0 under these names.
fn module(names: &[&str]) -> Vec<u8> {
    let mut exports = vec![names.len() as u8];
    for name in names {
        exports.push(name.len() as u8);
        exports.extend(name.as_bytes());
        exports.extend([0, 0]);
    }
    let mut module = vec![0, b'a', b's', b'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
    module.extend([7, exports.len() as u8]);
    module.extend(exports);
    module.extend([10, 4, 1, 2, 0, 0x0b]);
    module
}

const ALL: [&str; 6] = [
    "proxy_on_request_headers",
    "proxy_on_log",
    "proxy_on_done",
    "proxy_on_request_body",
    "proxy_on_response_body",
    "proxy_on_delete",
];

#[test]
fn removes_only_callbacks_for_nginx() {
    let lean = for_envoy(&module(&ALL)).unwrap();
    assert_eq!(lean, module(&["proxy_on_request_headers", "proxy_on_delete"]));
}

#[test]
fn rejects_module_without_these_callbacks() {
    let error = for_envoy(&module(&ALL[..5][1..4])).unwrap_err();
    assert_eq!(error.to_string(), "expected 4 callbacks for nginx, got 3");
}

#[test]
fn rejects_truncated_module() {
    let whole = module(&ALL);
    for end in 0..whole.len() - 7 {
        assert!(for_envoy(&whole[..end]).is_err(), "cut at {end}");
    }
}
