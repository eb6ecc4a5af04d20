// Headers are bytes. The engine takes and returns them as Latin-1: a character for each byte.

/** The bytes of a text in UTF-8, as Latin-1. */
export const toBytes = (text: string): string =>
  Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('')

/** The text of bytes in UTF-8. Other bytes are shown as Latin-1. */
export function fromBytes(bytes: string): string {
  try {
    const array = Uint8Array.from(bytes, (c) => c.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true }).decode(array)
  } catch {
    return bytes
  }
}
