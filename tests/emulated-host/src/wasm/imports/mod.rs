//! The host calls as a module imports them, with pointers and lengths in its memory.

use wasmtime::{Linker, Module as Wasm, Result};

use crate::{
    Called, Host, Kind, Map, status,
    wasm::Data,
    wasm::memory::{Module, number, read, returns, serialise, write},
    wasm::wasi,
};

mod responses;
mod unsupported;

/// Defines all functions that a module of ABI 0.2.1 can import on a host.
pub(crate) fn define(linker: &mut Linker<Data>, module: &Wasm, kind: Kind) -> Result<()> {
    wasi::define(linker)?;
    define_basics(linker)?;
    define_headers(linker)?;
    define_properties(linker)?;
    define_shared_data(linker)?;
    define_metrics(linker)?;
    responses::define(linker)?;
    unsupported::define(linker, module, kind)
}

fn define_basics(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap("env", "proxy_log", |mut module: Module<'_>, level: u32, at, size| {
        let message = String::from_utf8_lossy(&read(&mut module, at, size)?).into_owned();
        host(&module).log(level, message);
        Ok(0_u32)
    })?;
    linker.func_wrap(
        "env",
        "proxy_get_current_time_nanoseconds",
        |mut module: Module<'_>, at: u32| {
            let now = host(&module).now_ns();
            write(&mut module, at, &now.to_le_bytes()).map(|()| 0_u32)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_buffer_bytes",
        |mut module: Module<'_>, buffer: u32, start: u32, size: u32, data, length| {
            let bytes = host(&module).buffer(buffer, start as usize, size as usize);
            returns(&mut module, bytes, data, length)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_tick_period_milliseconds",
        |mut module: Module<'_>, millis: u32| {
            let done = host(&module).set_tick_period(millis);
            number(&mut module, done)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_effective_context",
        |mut module: Module<'_>, context: u32| {
            let done = host(&module).set_effective_context(context);
            number(&mut module, done)
        },
    )?;
    linker.func_wrap("env", "proxy_continue_stream", |mut module: Module<'_>, stream: u32| {
        let done = host(&module).continue_stream(stream);
        number(&mut module, done)
    })?;
    Ok(())
}

fn define_headers(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_header_map_pairs",
        |mut module: Module<'_>, map: u32, data, length| {
            let lines = match Map::of(map) {
                Some(map) => host(&module).lines(map).map(|r| r.map(|lines| serialise(&lines))),
                None => Ok(Err(status::BAD_ARGUMENT)),
            };
            returns(&mut module, lines, data, length)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_get_header_map_value",
        |mut module: Module<'_>, map: u32, name, name_size, data, length| {
            let name = read(&mut module, name, name_size)?;
            let value = match Map::of(map) {
                Some(map) => host(&module).header(map, &name),
                None => Ok(Err(status::BAD_ARGUMENT)),
            };
            returns(&mut module, value, data, length)
        },
    )?;
    type Edit = fn(&Host, Map, &[u8], &[u8]) -> Called<()>;
    let mutations: [(&str, Edit); 2] = [
        ("proxy_replace_header_map_value", |host, map, n, v| host.replace_header(map, n, v)),
        ("proxy_add_header_map_value", |host, map, n, v| host.add_header(map, n, v)),
    ];
    for (call, edit) in mutations {
        linker.func_wrap(
            "env",
            call,
            move |mut module: Module<'_>, map: u32, name, name_size, value, value_size| {
                let name = read(&mut module, name, name_size)?;
                let value = read(&mut module, value, value_size)?;
                let done = match Map::of(map) {
                    Some(map) => edit(&host(&module), map, &name, &value),
                    None => Ok(Err(status::BAD_ARGUMENT)),
                };
                number(&mut module, done)
            },
        )?;
    }
    linker.func_wrap(
        "env",
        "proxy_remove_header_map_value",
        |mut module: Module<'_>, map: u32, name, size| {
            let name = read(&mut module, name, size)?;
            let done = match Map::of(map) {
                Some(map) => host(&module).remove_header(map, &name),
                None => Ok(Err(status::BAD_ARGUMENT)),
            };
            number(&mut module, done)
        },
    )?;
    Ok(())
}

fn define_properties(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_property",
        |mut module: Module<'_>, path, size, data, length| {
            let path = String::from_utf8_lossy(&read(&mut module, path, size)?).into_owned();
            let value = host(&module).property(&path);
            returns(&mut module, value, data, length)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_property",
        |mut module: Module<'_>, path, size, value, value_size| {
            let path = String::from_utf8_lossy(&read(&mut module, path, size)?).into_owned();
            let value = read(&mut module, value, value_size)?;
            let done = host(&module).set_property(&path, &value);
            number(&mut module, done)
        },
    )?;
    Ok(())
}

fn define_shared_data(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(
        "env",
        "proxy_get_shared_data",
        |mut module: Module<'_>, key, size, data: u32, length: u32, cas: u32| {
            let key = read(&mut module, key, size)?;
            let found = host(&module).shared_data(&key);
            let value = match found {
                Ok(Ok((value, version))) => {
                    write(&mut module, cas, &version.to_le_bytes())?;
                    Ok(Ok(value))
                }
                Ok(Err(status)) => Ok(Err(status)),
                Err(trap) => Err(trap),
            };
            returns(&mut module, value, data, length)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_set_shared_data",
        |mut module: Module<'_>, key, size, value, value_size, cas: u32| {
            let key = read(&mut module, key, size)?;
            let value = read(&mut module, value, value_size)?;
            let done = host(&module).set_shared_data(&key, &value, cas);
            number(&mut module, done)
        },
    )?;
    Ok(())
}

fn define_metrics(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(
        "env",
        "proxy_define_metric",
        |mut module: Module<'_>, kind: u32, name, size, id: u32| {
            let name = String::from_utf8_lossy(&read(&mut module, name, size)?).into_owned();
            match host(&module).define_metric(kind, &name) {
                Ok(Ok(defined)) => {
                    write(&mut module, id, &defined.to_le_bytes())?;
                    Ok(0)
                }
                other => number(&mut module, other.map(|result| result.map(|_| ()))),
            }
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_increment_metric",
        |mut module: Module<'_>, id: u32, by: i64| {
            let done = host(&module).increment_metric(id, by);
            number(&mut module, done)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_record_metric",
        |mut module: Module<'_>, id: u32, value: i64| {
            let done = host(&module).record_metric(id, value);
            number(&mut module, done)
        },
    )?;
    Ok(())
}

fn host(module: &Module<'_>) -> Host {
    module.data().host.clone()
}
