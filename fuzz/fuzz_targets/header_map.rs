#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    novasphere_parsers::check("header_map", input);
});
