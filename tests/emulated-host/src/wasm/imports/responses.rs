//! Local responses, callouts and foreign functions.

use wasmtime::{Linker, Result};

use super::host;
use crate::{
    status,
    wasm::Data,
    wasm::memory::{Module, deserialise, number, read, returns, write},
};

pub(super) fn define(linker: &mut Linker<Data>) -> Result<()> {
    linker.func_wrap(
        "env",
        "proxy_send_local_response",
        |mut module: Module<'_>,
         status: u32,
         details,
         details_size,
         body,
         body_size,
         lines,
         lines_size,
         grpc: i32| {
            let details = read(&mut module, details, details_size)?;
            let body = read(&mut module, body, body_size)?;
            let lines = read(&mut module, lines, lines_size)?;
            let done = match deserialise(&lines) {
                Some(lines) => {
                    host(&module).send_local_response(status, &details, &body, lines, grpc)
                }
                None => Ok(Err(status::BAD_ARGUMENT)),
            };
            number(&mut module, done)
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_http_call",
        |mut module: Module<'_>,
         upstream,
         upstream_size,
         lines,
         lines_size,
         body,
         body_size,
         _trailers: u32,
         _trailers_size: u32,
         _timeout: u32,
         token: u32| {
            let upstream = read(&mut module, upstream, upstream_size)?;
            let upstream = String::from_utf8_lossy(&upstream).into_owned();
            let lines = deserialise(&read(&mut module, lines, lines_size)?).unwrap_or_default();
            let body = read(&mut module, body, body_size)?;
            match host(&module).dispatch(&upstream, lines, body) {
                Ok(Ok(number)) => write(&mut module, token, &number.to_le_bytes()).map(|()| 0),
                other => number(&mut module, other.map(|result| result.map(|_| ()))),
            }
        },
    )?;
    linker.func_wrap(
        "env",
        "proxy_call_foreign_function",
        |mut module: Module<'_>, name, size, _: u32, _: u32, data, length| {
            let name = String::from_utf8_lossy(&read(&mut module, name, size)?).into_owned();
            let result = host(&module).foreign_function(&name);
            returns(&mut module, result, data, length)
        },
    )?;
    Ok(())
}
