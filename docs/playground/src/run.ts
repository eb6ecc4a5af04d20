// Requests through the configuration: the sent ones, and the next one.

import { mint, send, tokenKeys } from './engine'
import { toBytes } from './latin1'
import { objectOf, parseUrl, setupOf, type RequestState, type State } from './state'
import type { Explanation, JsonObject, Line, Sending, TokenKey } from './types'

export interface Minted {
  keys: TokenKey[]
  /** The key that signs. */
  key: TokenKey | null
  header: string
  claims: string
  token: string
  /** Why there is no token. */
  error: string
}

const NOT_MINTED: Minted = { keys: [], key: null, header: '{}', claims: '{}', token: '', error: '' }

const pretty = (value: JsonObject): string => JSON.stringify(value, null, 2)

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Signs the token of the state. */
export function minted(state: State, millis: number): Minted {
  const setup = setupOf(state)
  try {
    const keys = tokenKeys(setup)
    const key = keys[state.token.key] ?? keys[0] ?? null
    if (!key) {
      return { ...NOT_MINTED, error: 'The configuration has no jwt-auth with a key.' }
    }
    const header = state.token.header ?? pretty(key.header)
    const claims = state.token.claims ?? pretty(key.claims)
    const found = { keys, key, header, claims }
    const [headerValue, claimsValue] = [objectOf(header), objectOf(claims)]
    if (typeof headerValue === 'string') return { ...found, token: '', error: `Header: ${headerValue}` }
    if (typeof claimsValue === 'string') return { ...found, token: '', error: `Claims: ${claimsValue}` }
    const token = mint(setup, keys.indexOf(key), headerValue, claimsValue, millis)
    return { ...found, token, error: '' }
  } catch (error) {
    return { ...NOT_MINTED, error: messageOf(error) }
  }
}

/** The token without `Bearer` and a header name before it. */
export const bare = (text: string): string =>
  text.trim().replace(/^authorization\s*:/i, '').trim().replace(/^bearer\s+/i, '')

const withParameter = (target: string, name: string, value: string): string =>
  `${target}${target.includes('?') ? '&' : '?'}${encodeURIComponent(name)}=${value}`

function forwarded(lines: Line[], request: RequestState): Line[] {
  if (!request.forwardedFor) return lines
  const isOwn = ([name]: Line): boolean => name.trim().toLowerCase() === 'x-forwarded-for'
  const before = lines.filter(isOwn).map(([, value]) => value)
  const value = [...before, request.clientAddress].join(', ')
  return [...lines.filter((line) => !isOwn(line)), ['x-forwarded-for', value]]
}

/** The request as the engine takes it, or why it cannot be sent. */
export function sending(state: State, token: string, millis: number): Sending | string {
  const { request } = state
  const url = parseUrl(request.url)
  if (!url) return 'URL: expected https://host/path, or a path.'
  if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(request.method)) return 'Method: expected a name such as GET.'
  const named = request.headers.filter(([name]) => name.trim() !== '')
  const lines: Line[] = named.map(([name, value]) => [name.trim(), value.trim()])
  const host = lines.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? url.host
  const headers = forwarded(lines.filter(([name]) => name.toLowerCase() !== 'host'), request)
  let target = url.target
  if (token && state.token.parameter) target = withParameter(target, state.token.parameter, token)
  else if (token) headers.push(['authorization', `Bearer ${token}`])
  const bytes = ([name, value]: Line): Line => [toBytes(name), toBytes(value)]
  return {
    method: toBytes(request.method),
    target: toBytes(target),
    host: toBytes(host),
    scheme: url.scheme,
    headers: headers.map(bytes),
    client_address: request.clientAddress.trim(),
    route: request.route || null,
    service: request.service || null,
    millis,
    upstream: {
      status: request.upstreamStatus,
      headers: request.upstreamHeaders.filter(([name]) => name.trim() !== '').map(bytes),
    },
  }
}

export interface Run {
  /** The explanations of the requests that were sent. */
  sent: Explanation[]
  /** The explanation of the next request. Null if it cannot be sent. */
  next: Explanation | null
  error: string
}

/** Sends the requests of the past again, and then the next one. */
export function run(state: State, past: Sending[], next: Sending | string): Run {
  const isWrong = typeof next === 'string'
  try {
    const all = send(setupOf(state), isWrong ? past : [...past, next])
    const sent = all.slice(0, past.length)
    return { sent, next: all[past.length] ?? null, error: isWrong ? next : '' }
  } catch (error) {
    return { sent: [], next: null, error: messageOf(error) }
  }
}
