// Links to a state of the page. The state is in the fragment, which browsers do not send. Tokens,
// secrets and values of variables are left out.

import { shareable } from './engine'
import { GET, NO_TOKEN, setupOf, type State } from './state'
import type { Line } from './types'

const PREFIX = '#v1='
const CREDENTIALS = /^(authorization|proxy-authorization|cookie|set-cookie|x-api-key|sec-websocket-protocol)$/i
const TOKEN = /ey[\w-]+\.[\w-]*\.[\w-]*/g

const withoutTokens = (text: string): string => text.replace(TOKEN, '')

const shared = (lines: Line[]): Line[] =>
  lines
    .filter(([name]) => !CREDENTIALS.test(name.trim()))
    .map(([name, value]) => [name, withoutTokens(value)])

async function through(bytes: BlobPart, stream: GenericTransformStream): Promise<Uint8Array> {
  const piped = new Blob([bytes]).stream().pipeThrough(stream as ReadableWritablePair<Uint8Array>)
  return new Uint8Array(await new Response(piped).arrayBuffer())
}

/** The fragment of a link to the state. */
export async function fragment(state: State): Promise<string> {
  const { request, token } = state
  const left = {
    ...state,
    text: shareable(setupOf(state)),
    variables: {},
    token: { ...token, pasted: '', mode: token.mode === 'paste' ? 'none' : token.mode },
    request: {
      ...request,
      url: withoutTokens(request.url),
      headers: shared(request.headers),
      upstreamHeaders: shared(request.upstreamHeaders),
    },
  }
  const packed = await through(JSON.stringify(left), new CompressionStream('deflate-raw'))
  const binary = Array.from(packed, (byte) => String.fromCharCode(byte)).join('')
  const base64 = btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return PREFIX + base64
}

/** The state of a fragment. Null if it has none. */
export async function parse(text: string, base: State): Promise<State | null> {
  if (!text.startsWith(PREFIX)) return null
  try {
    const base64 = text.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/')
    const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
    const json = await through(packed, new DecompressionStream('deflate-raw'))
    const state = JSON.parse(new TextDecoder().decode(json)) as Partial<State>
    return {
      ...base,
      ...state,
      variables: {},
      token: { ...NO_TOKEN, ...state.token, pasted: '' },
      request: { ...GET, ...state.request },
    }
  } catch {
    return null
  }
}
