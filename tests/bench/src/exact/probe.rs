//! A module that makes known numbers of host calls. Envoy's file has no symbols, so these numbers tell
//! which of its functions is which host call.

/// A host call of the probe.
pub(crate) struct HostCall {
    /// The name without the prefix `proxy_`.
    pub(crate) name: &'static str,
    /// The types of the parameters: `i` for i32, `l` for i64.
    parameters: &'static str,
    /// The first argument. All others are 0.
    first: u8,
    /// Calls in each request.
    pub(crate) count: u8,
}

const fn call(name: &'static str, parameters: &'static str, first: u8, count: u8) -> HostCall {
    HostCall { name, parameters, first, count }
}

/// Not the number of a header map: the call fails before it changes a header.
const NO_MAP: u8 = 63;

/// Not the number of a context.
const NO_CONTEXT: u8 = 63;

/// The calls of a request. The counts are primes, so that few sums of them are equal to another one.
pub(crate) const CALLS: [HostCall; 18] = [
    call("log", "iii", 0, 2),
    call("get_current_time_nanoseconds", "i", 0, 3),
    call("get_property", "iiii", 0, 5),
    call("set_property", "iiii", 0, 7),
    call("get_header_map_pairs", "iii", NO_MAP, 11),
    call("set_header_map_pairs", "iii", NO_MAP, 13),
    call("get_header_map_value", "iiiii", NO_MAP, 17),
    call("get_header_map_size", "ii", NO_MAP, 19),
    call("add_header_map_value", "iiiii", NO_MAP, 23),
    call("replace_header_map_value", "iiiii", NO_MAP, 29),
    call("remove_header_map_value", "iii", NO_MAP, 31),
    call("get_shared_data", "iiiii", 0, 37),
    call("set_shared_data", "iiiii", 0, 41),
    call("increment_metric", "il", 0, 43),
    call("record_metric", "il", 0, 47),
    call("get_metric", "ii", 0, 53),
    call("set_effective_context", "i", NO_CONTEXT, 59),
    call("get_buffer_bytes", "iiiii", NO_MAP, 61),
];

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;

/// The module in WebAssembly's binary format.
pub(crate) fn module() -> Vec<u8> {
    let calls = u32::try_from(CALLS.len()).unwrap_or(0);
    let types = CALLS.iter().map(|call| function_type(call.parameters, true));
    let own_types =
        [function_type("", false), function_type("i", true), function_type("iii", true)];
    let imports = (0..).zip(&CALLS).map(|(kind, call)| {
        [text("env"), text(&format!("proxy_{}", call.name)), vec![0], number(kind)].concat()
    });
    let exports = [
        [text("memory"), vec![2, 0]].concat(),
        [text("proxy_abi_version_0_2_1"), vec![0], number(calls)].concat(),
        [text("proxy_on_memory_allocate"), vec![0], number(calls + 1)].concat(),
        [text("proxy_on_request_headers"), vec![0], number(calls + 2)].concat(),
    ];
    // The host writes where the second function says: at 1024.
    let bodies = [body(&[]), body(&[&[0x41], number(1024).as_slice()].concat()), body(&requests())];
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, types.chain(own_types)),
        section(2, imports),
        section(3, (0..3).map(|own| number(calls + own))),
        section(5, [vec![0, 1]]),
        section(7, exports),
        section(10, bodies),
    ]
    .concat()
}

/// The instructions that make all calls and return 0.
fn requests() -> Vec<u8> {
    let mut code = Vec::new();
    for (function, call) in (0..).zip(&CALLS) {
        for _ in 0..call.count {
            for (place, kind) in call.parameters.bytes().enumerate() {
                let constant = if kind == b'l' { 0x42 } else { 0x41 };
                code.extend([constant, if place == 0 { call.first } else { 0 }]);
            }
            code.push(0x10);
            code.extend(number(function));
            // Drops the status.
            code.push(0x1a);
        }
    }
    code.extend([0x41, 0]);
    code
}

fn body(code: &[u8]) -> Vec<u8> {
    // No locals; the last byte ends the function.
    let body = [&[0], code, &[0x0b]].concat();
    [number(length(&body)), body].concat()
}

fn function_type(parameters: &str, has_result: bool) -> Vec<u8> {
    let kinds: Vec<u8> = parameters.bytes().map(|k| if k == b'l' { I64 } else { I32 }).collect();
    let result: &[u8] = if has_result { &[1, I32] } else { &[0] };
    [vec![0x60], number(length(&kinds)), kinds, result.to_vec()].concat()
}

fn section(id: u8, items: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let items: Vec<_> = items.into_iter().collect();
    let content = [number(u32::try_from(items.len()).unwrap_or(0)), items.concat()].concat();
    [vec![id], number(length(&content)), content].concat()
}

fn text(text: &str) -> Vec<u8> {
    [number(length(text.as_bytes())), text.as_bytes().to_vec()].concat()
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(0)
}

/// A number in LEB128. Used for positive numbers only, which need a leading 0 bit where they are read
/// as signed.
fn number(mut value: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        // The bit of the sign must be 0.
        if value == 0 && low & 0x40 == 0 {
            bytes.push(low & 0x7f);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_leb128() {
        assert_eq!(number(0), [0]);
        assert_eq!(number(63), [63]);
        // Also valid as a signed number, where [64] would be negative.
        assert_eq!(number(64), [0xc0, 0]);
        assert_eq!(number(1024), [0x80, 8]);
    }

    #[test]
    fn arguments_fit_in_a_byte() {
        assert!(CALLS.iter().all(|call| call.first < 64));
    }
}
