//! Transfers between the host and a module's memory.

use wasmtime::{Caller, Error, Result};

use crate::{Called, wasm::Data};

pub(crate) type Module<'a> = Caller<'a, Data>;

/// Returns a status to the module, or traps.
pub(crate) fn number(module: &mut Module<'_>, called: Called<()>) -> Result<u32> {
    match called {
        Ok(Ok(())) => Ok(0),
        Ok(Err(status)) => Ok(status),
        Err(trap) => {
            let why = trap.why.clone();
            module.data_mut().trap = Some(trap);
            Err(Error::msg(why))
        }
    }
}

/// Copies bytes to memory that the module allocates.
pub(crate) fn returns(
    module: &mut Module<'_>,
    called: Called<Vec<u8>>,
    data: u32,
    length: u32,
) -> Result<u32> {
    let bytes = match called {
        Ok(Ok(bytes)) => bytes,
        other => return number(module, other.map(|result| result.map(|_| ()))),
    };
    let size = u32::try_from(bytes.len())?;
    let mut at = 0;
    if size > 0 {
        let allocate = module.data().allocate.clone().ok_or_else(|| Error::msg("no allocator"))?;
        at = allocate.call(&mut *module, size)?;
        write(module, at, &bytes)?;
    }
    write(module, data, &at.to_le_bytes())?;
    write(module, length, &size.to_le_bytes())?;
    Ok(0)
}

pub(crate) fn read(module: &mut Module<'_>, at: u32, size: u32) -> Result<Vec<u8>> {
    let memory = module.data().memory.ok_or_else(|| Error::msg("no memory"))?;
    let mut bytes = vec![0; size as usize];
    memory.read(&*module, at as usize, &mut bytes)?;
    Ok(bytes)
}

pub(crate) fn write(module: &mut Module<'_>, at: u32, bytes: &[u8]) -> Result<()> {
    let memory = module.data().memory.ok_or_else(|| Error::msg("no memory"))?;
    Ok(memory.write(&mut *module, at as usize, bytes)?)
}

type Lines = Vec<(Vec<u8>, Vec<u8>)>;

/// Serialises header lines as in the ABI: a count, all sizes, then NUL-terminated names and values.
pub(crate) fn serialise(lines: &Lines) -> Vec<u8> {
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut map = number(lines.len()).to_vec();
    for (name, value) in lines {
        map.extend([number(name.len()), number(value.len())].concat());
    }
    for text in lines.iter().flat_map(|(name, value)| [name, value]) {
        map.extend(text);
        map.push(0);
    }
    map
}

pub(crate) fn deserialise(map: &[u8]) -> Option<Lines> {
    if map.is_empty() {
        return Some(Vec::new());
    }
    let number = |at: usize| -> Option<usize> {
        let bytes = map.get(at..at.checked_add(4)?)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
    };
    let count = number(0)?;
    let mut at = count.checked_mul(8)?.checked_add(4)?;
    let mut text = |size: usize| {
        let text = map.get(at..at.checked_add(size)?)?.to_vec();
        at = at.checked_add(size)?.checked_add(1)?;
        Some(text)
    };
    (0..count).map(|i| Some((text(number(4 + i * 8)?)?, text(number(8 + i * 8)?)?))).collect()
}
