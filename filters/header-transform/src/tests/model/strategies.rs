//! Strategies for rules and messages.

use proptest::prelude::*;

use super::{CONDITIONS, LINE_NAMES, NAMES, Operation, VALUES, plain::Line};

fn entry(operation: usize, values: usize) -> BoxedStrategy<String> {
    let name = prop::sample::select(&NAMES[..]);
    match operation {
        0 => {
            let patterns = prop::sample::select(vec!["x-*", "x-a*", "b*", "X-B*"]);
            prop_oneof![4 => name.prop_map(str::to_owned), 1 => patterns.prop_map(str::to_owned)]
                .boxed()
        }
        1 => (name.clone(), name).prop_map(|(old, new)| format!("{old}:{new}")).boxed(),
        _ => (name, prop::sample::select(&VALUES[..values]))
            .prop_map(|(name, value)| format!("{name}: {value}"))
            .boxed(),
    }
}

pub(super) fn operations(
    values: usize,
    conditions: usize,
) -> impl Strategy<Value = Vec<Operation>> {
    let entries = |operation| prop::collection::vec(entry(operation, values), 0..3);
    let one = |operation| {
        let condition = prop::sample::select(&CONDITIONS[..conditions]);
        (entries(operation), entries(operation), condition)
    };
    [0, 1, 2, 3, 4].map(one).prop_map(Vec::from)
}

pub(super) fn lines() -> impl Strategy<Value = Vec<Line>> {
    let values: Vec<&[u8]> =
        vec![b"1", b"2", b"", b"v w", b"a\r\nb: c", b"caf\xc3\xa9", b"\0", b"\t", &[b'l'; 5000]];
    let value = prop_oneof![
        8 => prop::sample::select(values).prop_map(<[u8]>::to_vec),
        1 => prop::collection::vec(any::<u8>(), 0..6),
    ];
    let name = prop::sample::select(&LINE_NAMES[..]).prop_map(str::to_owned);
    prop::collection::vec((name, value), 0..7)
}

pub(super) fn target() -> impl Strategy<Value = Vec<u8>> {
    let pairs = vec![
        "a=1", "a", "%61=%0d", "b=", "b=b%20b", "b=b+b%2B", "+=b", "b=%ff", "x-a=x", "x_a", "",
        "=", "%zz", "X-A=2=2",
    ];
    let pairs = prop::collection::vec(prop::sample::select(pairs), 0..5);
    let path = prop::sample::select(vec!["/", "/p/q", "/p%2Fq", "*", "//x", "/p?"]);
    let query = (path, pairs).prop_map(|(path, pairs)| match pairs.is_empty() {
        true => path.as_bytes().to_vec(),
        false => format!("{path}?{}", pairs.join("&")).into_bytes(),
    });
    prop_oneof![8 => query, 1 => prop::collection::vec(any::<u8>(), 0..12)]
}
