// The examples of the menu. A test checks that their filters accept them.

import gateway from './examples/gateway.yaml'
import keycloak from './examples/keycloak.yaml'
import login from './examples/login.yaml'
import scopes from './examples/scopes.yaml'
import secret from './examples/secret.yaml'
import security from './examples/security-headers.yaml'
import spa from './examples/spa.yaml'
import tiers from './examples/tiers.yaml'
import { GET, NO_TOKEN, type RequestState, type State, type TokenState } from './state'
import type { FilterName } from './types'

export interface Example {
  id: string
  title: string
  filter: FilterName
  text: string
  request?: Partial<RequestState>
  token?: Partial<TokenState>
}

const MINT: Partial<TokenState> = { mode: 'mint' }

export const EXAMPLES: Example[] = [
  {
    id: 'gateway',
    title: 'All four filters as one chain',
    filter: 'gateway',
    text: gateway,
    request: {
      headers: [['origin', 'https://app.example.com']],
      upstreamHeaders: [['content-type', 'application/json'], ['x-powered-by', 'Express']],
    },
    token: MINT,
  },
  {
    id: 'keycloak',
    title: 'Tokens of Keycloak, with roles',
    filter: 'jwt-auth',
    text: keycloak,
    request: { url: 'https://api.example.com/admin/users' },
    token: {
      ...MINT,
      claims: JSON.stringify({
        iss: 'https://id.example.com/realms/example',
        aud: 'api',
        sub: 'f3a1c2d4',
        preferred_username: 'alice',
        realm_access: { roles: ['user'] },
        iat: 'now',
        exp: 'now+300',
      }, null, 2),
    },
  },
  { id: 'secret', title: 'Tokens signed with a secret', filter: 'jwt-auth', text: secret, token: MINT },
  {
    id: 'scopes',
    title: 'Public paths, and scopes per route',
    filter: 'jwt-auth',
    text: scopes,
    request: { method: 'DELETE', url: 'https://api.example.com/orders/17' },
    token: MINT,
  },
  {
    id: 'spa',
    title: 'CORS for a single-page app: the preflight',
    filter: 'cors',
    text: spa,
    request: {
      method: 'OPTIONS',
      headers: [
        ['origin', 'https://app.example.com'],
        ['access-control-request-method', 'PUT'],
        ['access-control-request-headers', 'authorization,content-type'],
      ],
    },
  },
  {
    id: 'login',
    title: 'Rate limit against guessed passwords',
    filter: 'rate-limit',
    text: login,
    request: { method: 'POST', url: 'https://api.example.com/login', upstreamStatus: 401 },
  },
  {
    id: 'tiers',
    title: 'Rate limits by plan, a claim of the token',
    filter: 'gateway',
    text: tiers,
    token: {
      ...MINT,
      claims: JSON.stringify({ iss: 'my-issuer', sub: 'alice', plan: 'free', iat: 'now', exp: 'now+3600' }, null, 2),
    },
  },
  {
    id: 'security',
    title: 'Security headers on every response',
    filter: 'header-transform',
    text: security,
    request: {
      upstreamHeaders: [['content-type', 'text/html'], ['server', 'nginx/1.24'], ['x-powered-by', 'PHP/8.2']],
    },
  },
]

/** The state of an example. */
export const stateOf = (example: Example): State => ({
  filter: example.filter,
  proxy: 'envoy',
  text: example.text,
  variables: {},
  redisDown: false,
  token: { ...NO_TOKEN, ...example.token },
  request: { ...GET, ...example.request },
})
