// Links to a state of the page. The state is in the fragment, which browsers do not send. Credentials
// and values of variables are left out.

import { shareable } from './engine'
import { GET, NO_TOKEN, setupOf, type State } from './state'

const PREFIX = '#v1='
const FILTERS = ['gateway', 'jwt-auth', 'rate-limit', 'cors', 'header-transform']
const PROXIES = ['envoy', 'kong', 'traefik']

async function through(bytes: BlobPart, stream: GenericTransformStream): Promise<Uint8Array> {
  const piped = new Blob([bytes]).stream().pipeThrough(stream as ReadableWritablePair<Uint8Array>)
  return new Uint8Array(await new Response(piped).arrayBuffer())
}

/** The fragment of a link to the state. */
export async function fragment(state: State): Promise<string> {
  const { request, token } = state
  const { text, url, headers, upstream_headers: upstreamHeaders, texts } = shareable({
    setup: setupOf(state),
    url: request.url,
    headers: request.headers,
    upstream_headers: request.upstreamHeaders,
    texts: [token.header, token.claims],
  })
  const [header = null, claims = null] = texts
  const mode = token.mode === 'paste' ? 'none' : token.mode
  const left = {
    ...state,
    text,
    variables: {},
    token: { ...token, header, claims, pasted: '', mode },
    request: { ...request, url, headers, upstreamHeaders },
  }
  const packed = await through(JSON.stringify(left), new CompressionStream('deflate-raw'))
  const binary = Array.from(packed, (byte) => String.fromCharCode(byte)).join('')
  const base64 = btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  return PREFIX + base64
}

/** The members of `base`, with those of `given` that have a value of the same kind. */
function merged<T extends object>(base: T, given: unknown): T {
  const result = { ...base }
  const found = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  for (const name of Object.keys(base) as (keyof T & string)[]) {
    const value = found[name]
    if (isSameKind(name, base[name], value)) result[name] = value as T[typeof name]
  }
  return result
}

function isSameKind(name: string, known: unknown, value: unknown): boolean {
  if (name === 'filter') return FILTERS.includes(value as string)
  if (name === 'proxy') return PROXIES.includes(value as string)
  if (name === 'time') return value === null || isWhole(value, 0, MAX_TIME)
  if (name === 'upstreamStatus') return isWhole(value, 200, 599)
  if (name === 'claims' || name === 'header') return value === null || typeof value === 'string'
  if (Array.isArray(known)) return Array.isArray(value) && value.every(isLine)
  return typeof value === typeof known && (value === null) === (known === null)
}

/** The last millisecond that the date input can show. */
const MAX_TIME = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const isWhole = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && Number(value) >= min && Number(value) <= max

const isLine = (value: unknown): boolean =>
  Array.isArray(value) && value.length === 2 && value.every((one) => typeof one === 'string')

/** The state of a fragment. Null if it has none. */
export async function parse(text: string, base: State): Promise<State | null> {
  if (!text.startsWith(PREFIX)) return null
  try {
    const base64 = text.slice(PREFIX.length).replaceAll('-', '+').replaceAll('_', '/')
    const packed = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
    const json = await through(packed, new DecompressionStream('deflate-raw'))
    const state = merged(base, JSON.parse(new TextDecoder().decode(json)))
    const token = merged({ ...NO_TOKEN, ...base.token }, state.token)
    const request = merged(GET, state.request)
    return { ...state, variables: {}, token: { ...token, pasted: '' }, request }
  } catch {
    return null
  }
}
