//! The functions that replace the instructions, encoded as in a code section: size, locals,
//! instructions. They take the operands of the instruction, three `i32`, and process eight bytes at
//! a time, then single bytes. Like the instructions, they trap outside the memory.

/// `(func (param i32 i32 i32))`
pub(crate) const TYPE: &[u8] = &[0x60, 3, I32, I32, I32, 0];

/// `memory.copy`: destination 0, source 1, length 2. The ranges may overlap.
pub(crate) const COPY: &[u8] = &sized::<{ COPY_BODY.len() }, { COPY_BODY.len() + 2 }>(COPY_BODY);
/// `memory.fill`: destination 0, byte 1, length 2. Local 3 is the byte repeated eight times.
pub(crate) const FILL: &[u8] = &sized::<{ FILL_BODY.len() }, { FILL_BODY.len() + 2 }>(FILL_BODY);

const I32: u8 = 0x7f;
const I64: u8 = 0x7e;

const BLOCK: u8 = 0x02;
const LOOP: u8 = 0x03;
const IF: u8 = 0x04;
const ELSE: u8 = 0x05;
const END: u8 = 0x0b;
const NOTHING: u8 = 0x40;
const BR: u8 = 0x0c;
const BR_IF: u8 = 0x0d;
const GET: u8 = 0x20;
const SET: u8 = 0x21;
const TEE: u8 = 0x22;
const LOAD64: u8 = 0x29;
const LOAD8: u8 = 0x2d;
const STORE64: u8 = 0x37;
const STORE8: u8 = 0x3a;
const I32_CONST: u8 = 0x41;
const I64_CONST: u8 = 0x42;
const EQZ: u8 = 0x45;
const LT_U: u8 = 0x49;
const GE_U: u8 = 0x4f;
const ADD: u8 = 0x6a;
const SUB: u8 = 0x6b;
const MUL64: u8 = 0x7e;
const EXTEND_U: u8 = 0xad;

#[rustfmt::skip]
const COPY_BODY: &[u8] = &[
    0, // no locals
    // Copy backwards if the destination starts inside the source range.
    GET, 0, GET, 1, SUB, GET, 2, GE_U,
    IF, NOTHING,
        BLOCK, NOTHING, LOOP, NOTHING,
            GET, 2, I32_CONST, 8, LT_U, BR_IF, 1,
            GET, 0, GET, 1, LOAD64, 0, 0, STORE64, 0, 0,
            GET, 0, I32_CONST, 8, ADD, SET, 0,
            GET, 1, I32_CONST, 8, ADD, SET, 1,
            GET, 2, I32_CONST, 8, SUB, SET, 2,
            BR, 0,
        END, END,
        BLOCK, NOTHING, LOOP, NOTHING,
            GET, 2, EQZ, BR_IF, 1,
            GET, 0, GET, 1, LOAD8, 0, 0, STORE8, 0, 0,
            GET, 0, I32_CONST, 1, ADD, SET, 0,
            GET, 1, I32_CONST, 1, ADD, SET, 1,
            GET, 2, I32_CONST, 1, SUB, SET, 2,
            BR, 0,
        END, END,
    ELSE,
        BLOCK, NOTHING, LOOP, NOTHING,
            GET, 2, I32_CONST, 8, LT_U, BR_IF, 1,
            GET, 2, I32_CONST, 8, SUB, TEE, 2, GET, 0, ADD,
            GET, 1, GET, 2, ADD, LOAD64, 0, 0, STORE64, 0, 0,
            BR, 0,
        END, END,
        BLOCK, NOTHING, LOOP, NOTHING,
            GET, 2, EQZ, BR_IF, 1,
            GET, 2, I32_CONST, 1, SUB, TEE, 2, GET, 0, ADD,
            GET, 1, GET, 2, ADD, LOAD8, 0, 0, STORE8, 0, 0,
            BR, 0,
        END, END,
    END,
    END,
];

#[rustfmt::skip]
const FILL_BODY: &[u8] = &[
    1, 1, I64,
    GET, 1, I32_CONST, 0xff, 0x01, 0x71 /* i32.and */, EXTEND_U,
    // 0x0101010101010101
    I64_CONST, 0x81, 0x82, 0x84, 0x88, 0x90, 0xa0, 0xc0, 0x80, 0x01, MUL64, SET, 3,
    BLOCK, NOTHING, LOOP, NOTHING,
        GET, 2, I32_CONST, 8, LT_U, BR_IF, 1,
        GET, 0, GET, 3, STORE64, 0, 0,
        GET, 0, I32_CONST, 8, ADD, SET, 0,
        GET, 2, I32_CONST, 8, SUB, SET, 2,
        BR, 0,
    END, END,
    BLOCK, NOTHING, LOOP, NOTHING,
        GET, 2, EQZ, BR_IF, 1,
        GET, 0, GET, 1, STORE8, 0, 0,
        GET, 0, I32_CONST, 1, ADD, SET, 0,
        GET, 2, I32_CONST, 1, SUB, SET, 2,
        BR, 0,
    END, END,
    END,
];

/// A body with its size in front, in LEB128 of two bytes.
#[allow(clippy::cast_possible_truncation)] // seven bits each
#[allow(clippy::indexing_slicing)] // evaluated at compile time
const fn sized<const BODY: usize, const ALL: usize>(body: &[u8]) -> [u8; ALL] {
    let mut all = [0; ALL];
    all[0] = (BODY & 0x7f) as u8 | 0x80;
    all[1] = (BODY >> 7) as u8;
    let mut i = 0;
    while i < BODY {
        all[i + 2] = body[i];
        i += 1;
    }
    all
}
