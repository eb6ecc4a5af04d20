// The filters, compiled to WebAssembly.

import * as engine from '../build/engine.js'
import type {
  Checked, Converted, Decoded, Explanation, JsonObject, Pasted, Sending, Setup, Shareable, TokenKey,
} from './types'

declare global {
  // The compressed module as base64, from engine.js.
  var novasphereEngine: string
}

/** Unpacks and starts the engine. */
export async function load(): Promise<void> {
  const packed = Uint8Array.from(atob(globalThis.novasphereEngine), (c) => c.charCodeAt(0))
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))
  await engine.default({ module_or_path: await new Response(unpacked).arrayBuffer() })
}

/** Calls the engine. A trap ends it. */
function call<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) {
      throw new Error('The engine stopped. Reload the page, and report the configuration and the request.')
    }
    throw error
  }
}

const json = <T>(run: () => string): T => call(() => JSON.parse(run()) as T)

export const version = (): string => engine.version()

export const check = (setup: Setup): Checked => json(() => engine.check(JSON.stringify(setup)))

/** The same without credentials. */
export const shareable = (state: Shareable & { setup: Setup }): Shareable & { text: string } =>
  json(() => engine.shareable(JSON.stringify(state)))

export const tokenKeys = (setup: Setup): TokenKey[] =>
  json(() => engine.tokenKeys(JSON.stringify(setup)))

export const mint = (
  setup: Setup, key: number, header: JsonObject, claims: JsonObject, millis: number,
): string => json(() => engine.mint(JSON.stringify({ setup, key, header, claims, millis })))

export const decode = (setup: Setup, token: string, millis: number): Decoded =>
  json(() => engine.decode(JSON.stringify({ setup, token, millis })))

export const paste = (setup: Setup): Pasted => json(() => engine.paste(JSON.stringify(setup)))

export const convert = (from: string, to: string, text: string): Converted =>
  json(() => engine.convert(JSON.stringify({ from, to, text })))

/** Sends requests through a proxy that starts with an empty memory. */
export const send = (setup: Setup, requests: Sending[]): Explanation[] =>
  call(() => {
    const session = new engine.Session(JSON.stringify(setup))
    try {
      return requests.map((one) => JSON.parse(session.send(JSON.stringify(one))) as Explanation)
    } finally {
      session.free()
    }
  })
