//! The WASI functions that all hosts provide.

use wasmtime::{Error, Linker, Result};

use crate::{
    wasm::Data,
    wasm::memory::{Module, read, write},
};

const WASI: &str = "wasi_snapshot_preview1";

pub(crate) fn define(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(
        WASI,
        "environ_sizes_get",
        |mut module: Module<'_>, count: u32, size: u32| {
            let variables = environment(&module);
            let bytes: usize = variables.iter().map(Vec::len).sum();
            write(&mut module, count, &u32::try_from(variables.len())?.to_le_bytes())?;
            write(&mut module, size, &u32::try_from(bytes)?.to_le_bytes())?;
            Ok(0_u32)
        },
    )?;
    linker.func_wrap(WASI, "environ_get", |mut module: Module<'_>, table: u32, text: u32| {
        let (mut table, mut text) = (table, text);
        for variable in environment(&module) {
            write(&mut module, table, &text.to_le_bytes())?;
            write(&mut module, text, &variable)?;
            table = table.saturating_add(4);
            text = text.saturating_add(u32::try_from(variable.len())?);
        }
        Ok(0_u32)
    })?;
    linker.func_wrap(
        WASI,
        "clock_time_get",
        |mut module: Module<'_>, _: u32, _: u64, at: u32| {
            let now = module.data().host.now_ns();
            write(&mut module, at, &now.to_le_bytes())?;
            Ok(0_u32)
        },
    )?;
    linker.func_wrap(WASI, "random_get", |mut module: Module<'_>, at: u32, size: u32| {
        let bytes = module.data().host.random(size as usize);
        write(&mut module, at, &bytes)?;
        Ok(0_u32)
    })?;
    linker.func_wrap(
        WASI,
        "fd_write",
        |mut module: Module<'_>, _: u32, vectors: u32, count: u32, written: u32| {
            let mut text = Vec::new();
            for i in 0..count {
                let vector = read(&mut module, vectors.saturating_add(i.saturating_mul(8)), 8)?;
                let (at, size) = vector.split_at_checked(4).unwrap_or_default();
                let number = |b: &[u8]| b.try_into().map(u32::from_le_bytes).unwrap_or_default();
                text.extend(read(&mut module, number(at), number(size))?);
            }
            let size = u32::try_from(text.len())?;
            module.data().host.log(3, String::from_utf8_lossy(&text));
            write(&mut module, written, &size.to_le_bytes())?;
            Ok(0_u32)
        },
    )?;
    linker.func_wrap(WASI, "proc_exit", |_: Module<'_>, code: u32| -> Result<()> {
        Err(Error::msg(format!("proc_exit({code})")))
    })?;
    Ok(())
}

/// Returns the variables that the operator passes on.
fn environment(module: &Module<'_>) -> Vec<Vec<u8>> {
    let proxy = module.data().host.proxy();
    let variables = proxy.environment.iter();
    variables.map(|(name, value)| format!("{name}={value}\0").into_bytes()).collect()
}
