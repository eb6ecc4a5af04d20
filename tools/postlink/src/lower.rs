//! Replaces bulk-memory instructions with calls of equivalent functions.
//!
//! A call with a padded index is as long as the instruction, so nothing in a function moves. The new
//! functions and their type are appended to their sections, so no index changes.

use anyhow::{Context, Result, bail, ensure};
use wasmparser::{Operator, Parser, Payload, TypeRef};

use crate::{
    routines::{COPY, FILL, TYPE},
    sections::{CODE, FUNCTIONS, TYPES, high, low, number, push_number, rewrite},
};

/// The instruction `call`. The function index follows in LEB128, padded to 3 or 2 bytes.
const CALL: u8 = 0x10;
const MAX_COPY_INDEX: u32 = 1 << 21;
const MAX_FILL_INDEX: u32 = 1 << 14;

/// Replaces `memory.copy` and `memory.fill`.
///
/// # Errors
/// If `module` is not a WebAssembly module, contains other bulk-memory instructions, or has too many
/// functions.
pub fn lower(module: &[u8]) -> Result<Vec<u8>> {
    let Shape { types, functions, bulk } = Shape::new(module)?;
    let (copy, fill) = (functions, functions.saturating_add(1));
    ensure!(copy < MAX_COPY_INDEX && fill < MAX_FILL_INDEX, "too many functions");
    let mut patched = module.to_vec();
    for Bulk { offset, is_copy } in bulk {
        let call = if is_copy {
            vec![CALL, low(copy), low(copy >> 7), high(copy >> 14)]
        } else {
            vec![CALL, low(fill), high(fill >> 7)]
        };
        let end = offset.saturating_add(call.len());
        patched.get_mut(offset..end).context("the module ends early")?.copy_from_slice(&call);
    }
    let mut type_index = Vec::new();
    push_number(&mut type_index, types);
    append(
        &patched,
        &[
            (TYPES, vec![TYPE]),
            (FUNCTIONS, vec![&type_index, &type_index]),
            (CODE, vec![COPY, FILL]),
        ],
    )
}

/// The parts of a module that the replacement depends on.
#[derive(Default)]
struct Shape {
    types: u32,
    /// Including imported functions.
    functions: u32,
    bulk: Vec<Bulk>,
}

/// An instruction to replace.
struct Bulk {
    offset: usize,
    is_copy: bool,
}

impl Shape {
    fn new(module: &[u8]) -> Result<Self> {
        let mut shape = Self::default();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(types) => {
                    for group in types {
                        let size = u32::try_from(group?.types().len())?;
                        shape.types = shape.types.saturating_add(size);
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let is_function = matches!(import?.ty, TypeRef::Func(_));
                        shape.functions = shape.functions.saturating_add(u32::from(is_function));
                    }
                }
                Payload::FunctionSection(functions) => {
                    shape.functions = shape.functions.saturating_add(functions.count());
                }
                Payload::CodeSectionEntry(body) => {
                    for instruction in body.get_operators_reader()?.into_iter_with_offsets() {
                        let (operator, offset) = instruction?;
                        shape.bulk.extend(bulk(&operator, offset)?);
                    }
                }
                _ => {}
            }
        }
        Ok(shape)
    }
}

fn bulk(operator: &Operator<'_>, offset: usize) -> Result<Option<Bulk>> {
    Ok(match operator {
        Operator::MemoryCopy { dst_mem: 0, src_mem: 0 } => Some(Bulk { offset, is_copy: true }),
        Operator::MemoryFill { mem: 0 } => Some(Bulk { offset, is_copy: false }),
        Operator::MemoryCopy { .. }
        | Operator::MemoryFill { .. }
        | Operator::MemoryInit { .. }
        | Operator::DataDrop { .. }
        | Operator::TableInit { .. }
        | Operator::TableCopy { .. }
        | Operator::TableFill { .. }
        | Operator::ElemDrop { .. } => bail!("no replacement for {operator:?}"),
        _ => None,
    })
}

/// Appends items to sections.
fn append(module: &[u8], items: &[(u8, Vec<&[u8]>)]) -> Result<Vec<u8>> {
    let mut found = 0_usize;
    let longer = rewrite(module, |id, section| {
        let Some((_, more)) = items.iter().find(|(wanted, _)| *wanted == id) else {
            return Ok(None);
        };
        found = found.saturating_add(1);
        let (count, old) = number(section).context("a section has no count")?;
        let mut content = Vec::new();
        push_number(&mut content, u32::try_from(count.saturating_add(more.len()))?);
        content.extend_from_slice(old);
        more.iter().for_each(|item| content.extend_from_slice(item));
        Ok(Some(content))
    })?;
    ensure!(found == items.len(), "the module has no functions");
    Ok(longer)
}
