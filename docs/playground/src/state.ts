// The state of the page.

import type { FilterName, JsonObject, Line, ProxyName, Sending, Setup } from './types'

export type TokenMode = 'none' | 'mint' | 'paste'

export interface TokenState {
  mode: TokenMode
  /** The index of the key that signs. */
  key: number
  /** JSON texts. Null for those of the key. */
  header: string | null
  claims: string | null
  pasted: string
  /** The query parameter for the token. Empty for the header Authorization. */
  parameter: string
}

export interface RequestState {
  method: string
  url: string
  headers: Line[]
  clientAddress: string
  /** Whether the proxy appends the client's address to X-Forwarded-For. */
  forwardedFor: boolean
  /** The names of the route and of the upstream service. Empty for none. */
  route: string
  service: string
  /** Milliseconds since the epoch. Null for the time of the request. */
  time: number | null
  upstreamStatus: number
  upstreamHeaders: Line[]
}

export interface State {
  filter: FilterName
  proxy: ProxyName
  text: string
  variables: Record<string, string | null>
  redisDown: boolean
  token: TokenState
  request: RequestState
}

export const NO_TOKEN: TokenState = {
  mode: 'none', key: 0, header: null, claims: null, pasted: '', parameter: '',
}

export const GET: RequestState = {
  method: 'GET',
  url: 'https://api.example.com/orders',
  headers: [],
  clientAddress: '192.0.2.1',
  forwardedFor: true,
  route: '',
  service: '',
  time: null,
  upstreamStatus: 200,
  upstreamHeaders: [['content-type', 'application/json']],
}

/** The setup of the engine. A pasted token has keys that the page does not know. */
export const setupOf = (state: State): Setup => ({
  filter: state.filter,
  proxy: state.proxy,
  text: state.text,
  variables: state.variables,
  keys: state.token.mode === 'paste' ? 'assumed' : 'demo',
  redis_down: state.redisDown,
})

/** The claims or the header of a token from their text, or why the text is not an object. */
export function objectOf(text: string): JsonObject | string {
  try {
    const value: unknown = JSON.parse(text)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as JsonObject) : 'expected a JSON object: {"sub": "alice"}'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The parts of a URL without user information, or null. A path alone is for the host of the examples. */
export function parseUrl(text: string): { scheme: string; host: string; target: string } | null {
  const match = /^(?:(https?):\/\/(?:[^/?#\s]*@)?([^/?#\s@]+))?(\/[^#\s]*)?(?:#.*)?$/i.exec(text.trim())
  if (!match || (!match[2] && !match[3])) return null
  return {
    scheme: (match[1] ?? 'https').toLowerCase(),
    host: match[2] ?? 'api.example.com',
    target: match[3] ?? '/',
  }
}

export type { Sending }
