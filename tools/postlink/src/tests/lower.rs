use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc};

use crate::lower::lower;

/// `(module (memory (export "m") 1) (func (export "copy") (param i32 i32 i32) local.get 0, 1, 2
/// memory.copy) (func (export "fill") … memory.fill))`
#[rustfmt::skip]
const MODULE: &[u8] = &[
    0, b'a', b's', b'm', 1, 0, 0, 0,
    1, 7, 1, 0x60, 3, 0x7f, 0x7f, 0x7f, 0,
    3, 3, 2, 0, 0,
    5, 3, 1, 0, 1,
    7, 19, 3, 1, b'm', 2, 0, 4, b'c', b'o', b'p', b'y', 0, 0, 4, b'f', b'i', b'l', b'l', 0, 1,
    10, 26, 2,
        12, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 10, 0, 0, 0x0b,
        11, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 11, 0, 0x0b,
    0, 5, 1, b'n', 1, 2, 3,
];

const PAGE: usize = 64 * 1024;

struct Running {
    store: Store<()>,
    memory: Memory,
    instance: Instance,
}

impl Running {
    fn start(module: &[u8]) -> Self {
        let engine = Engine::default();
        let mut store = Store::new(&engine, ());
        let module = Module::new(&engine, module).unwrap();
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "m").unwrap();
        Self { store, memory, instance }
    }

    fn call(&mut self, name: &str, arguments: (i32, i32, i32)) -> bool {
        let function: TypedFunc<(i32, i32, i32), ()> =
            self.instance.get_typed_func(&mut self.store, name).unwrap();
        function.call(&mut self.store, arguments).is_ok()
    }

    /// Calls the function on a memory whose bytes depend on their position. Returns the memory.
    fn after(&mut self, name: &str, arguments: (i32, i32, i32)) -> Vec<u8> {
        let memory = self.memory.data_mut(&mut self.store);
        memory.iter_mut().enumerate().for_each(|(i, byte)| *byte = (i * 7 % 251) as u8);
        assert!(self.call(name, arguments), "{name} {arguments:?}");
        self.memory.data(&self.store).to_vec()
    }
}

fn bulk_instructions(module: &[u8]) -> usize {
    module.windows(2).filter(|pair| [[0xfc, 10], [0xfc, 11]].contains(&[pair[0], pair[1]])).count()
}

#[test]
fn replaces_only_the_instructions() {
    assert_eq!(bulk_instructions(MODULE), 2);
    let lowered = lower(MODULE).unwrap();
    assert_eq!(bulk_instructions(&lowered), 0);
    assert!(lowered.ends_with(&[0, 5, 1, b'n', 1, 2, 3]));
}

#[test]
fn copies_overlapping_ranges_like_the_instruction() {
    let (mut plain, mut lowered) =
        (Running::start(MODULE), Running::start(&lower(MODULE).unwrap()));
    let end = i32::try_from(PAGE).unwrap();
    let mut ranges = Vec::new();
    for size in (0..40).chain([63, 64, 65, 1000]) {
        for distance in -35..35 {
            ranges.push((2000 + distance, 2000, size));
        }
        ranges.extend([(0, end - size, size), (end - size, 0, size), (2000, 2000 - size, size)]);
    }
    for range in ranges {
        assert!(plain.after("copy", range) == lowered.after("copy", range), "{range:?}");
    }
}

#[test]
fn fills_like_the_instruction() {
    let (mut plain, mut lowered) =
        (Running::start(MODULE), Running::start(&lower(MODULE).unwrap()));
    let end = i32::try_from(PAGE).unwrap();
    for size in (0..40).chain([63, 64, 65, 1000]) {
        for byte in [0, 1, 0x7f, 0x80, 0xff, 0x100, -1, 0x1234] {
            for at in [0, 1, 7, 1000, end - size] {
                let range = (at, byte, size);
                assert!(plain.after("fill", range) == lowered.after("fill", range), "{range:?}");
            }
        }
    }
}

#[test]
fn traps_outside_the_memory_like_the_instruction() {
    let end = i32::try_from(PAGE).unwrap();
    for module in [MODULE.to_vec(), lower(MODULE).unwrap()] {
        let mut running = Running::start(&module);
        for (name, arguments) in [
            ("copy", (end - 3, 0, 4)),
            ("copy", (0, end - 3, 4)),
            ("copy", (end - 20, 0, 24)),
            ("copy", (0, 8, -1)),
            ("copy", (8, 0, -1)),
            ("fill", (end - 3, 0, 4)),
            ("fill", (0, 0, -1)),
        ] {
            assert!(!running.call(name, arguments), "{name} {arguments:?}");
        }
    }
}

#[test]
fn rejects_truncated_module() {
    for end in 0..MODULE.len() - 7 {
        assert!(lower(&MODULE[..end]).is_err(), "cut at {end}");
    }
}
