use novasphere_explain::{Facts, Request, Response};
use serde_json::json;

use super::*;

fn input(target: &str, headers: &[(&str, &str)]) -> Input {
    let mut request = Request::new("GET", target, "a.test");
    request.headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect();
    Input { request, upstream: Response::new(200), facts: Facts::default(), used: Vec::new() }
}

#[test]
fn credentials_are_hidden_by_name() {
    for (name, text, expected) in [
        ("authorization", "Bearer eyJ.eyJ.sig", "Bearer <hidden>"),
        ("authorization", "opaque", "<hidden>"),
        ("authorization", "my secret words", "<hidden>"),
        ("proxy-authorization", "Basic dXNlcjpwYXNz", "Basic <hidden>"),
        ("cookie", "session=1; a=b", "<hidden>"),
        ("x-auth-token", "a", "<hidden>"),
        ("x-api-key", "a", "<hidden>"),
        ("apikey", "a", "<hidden>"),
        ("ocp-apim-subscription-key", "a", "<hidden>"),
        (":path", "/a?token=eyJhbGciOiJub25lIn0.e30.c2ln&x=1", "/a?token=<hidden>&x=1"),
        (":path", "/a?x=1&access%5Ftoken=o/p#f", "/a?x=1&access%5Ftoken=<hidden>#f"),
        ("referer", "https://a.test/?code=1 x", "https://a.test/?code=<hidden> x"),
        ("referer", "https://u:p@a.test/@x, ftp://b", "https://<hidden>@a.test/@x, ftp://b"),
        (":path", "alice:pw@a.test/@x", "<hidden>@a.test/@x"),
        (":path", "/@alice?x=a@b", "/@alice?x=a@b"),
        (":path", "/a?token=it's-opaque&x=1", "/a?token=<hidden>&x=1"),
        (
            "x-a",
            "see 'https://u:p@a.test/?token=a' and 'b@c'",
            "see 'https://<hidden>@a.test/?token=<hidden>' and 'b@c'",
        ),
        ("x-a", "eyJhbGciOiJub25lIn0.e30.c2ln", "<token>"),
        ("x-a", "(eyJhbGciOiJub25lIn0.e30.c2ln.) eyes.a.test", "(<token>) eyes.a.test"),
        ("x-a", "Bearer%20eyJhbGciOiJub25lIn0.e30.c2ln", "Bearer%20<token>"),
        ("x-a", "v1.eyJhbGciOiJub25lIn0.e30.c2ln x", "v1.<token> x"),
        ("x-a", "ewogImFsZyI6ICJub25lIn0.e30.c2ln", "<token>"),
        ("x-a", "eyJhbGciOiJkaXIifQ..aXY.dGV4dA.dGFn", "<token>"),
        ("access-control-expose-headers", "X-Auth-Token", "X-Auth-Token"),
        ("x-user-id", "alice", "alice"),
        ("x-a", "", "(empty)"),
        ("x-a", "a\tb", "a?b"),
    ] {
        assert_eq!(Mask::default().value(name, text.as_bytes()), expected, "{name}");
    }
}

#[test]
fn copies_of_credentials_are_hidden() {
    let headers = [
        ("authorization", "Digest username=\"u\", response=\"0123abcd\""),
        ("cookie", "a=b; session=opaque-1"),
        ("x-auth-token", "opaque-2"),
    ];
    let mask = Mask::new(&input("/a?token=op%61que-3", &headers), []);
    let text = "0123abcd opaque-1, opaque-2; opaque-3 op%61que-3 b u";
    assert_eq!(mask.text(text), "<hidden> <hidden>, <hidden>; <hidden> <hidden> b u");
}

#[test]
fn sources_of_tokens_are_hidden() {
    let headers = json!(["X-Ours", {"name": "X-Own", "scheme": "Own"}]);
    let config = json!({"jwt_auth": {"header_names": headers, "uri_param_names": ["t"]}});
    let mask = Mask::new(&input("/a?t=opaque-1", &[("x-ours", "opaque-2")]), [&config]);
    assert_eq!(mask.value("x-ours", b"opaque-2"), "<hidden>");
    assert_eq!(mask.value("x-own", b"Own opaque-3"), "<hidden>");
    assert_eq!(mask.value(":path", b"/a?t=opaque-1"), "/a?t=<hidden>");
    assert_eq!(mask.text("opaque-1 opaque-2"), "<hidden> <hidden>");
}
