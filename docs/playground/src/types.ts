// The JSON of the engine.

export type FilterName = 'gateway' | 'jwt-auth' | 'rate-limit' | 'cors' | 'header-transform'
export type ProxyName = 'envoy' | 'kong' | 'traefik'
export type Line = [name: string, value: string]
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json }
export type JsonObject = { [name: string]: Json }
export type IssuerKeys = 'demo' | 'assumed' | { given: string }

export interface Setup {
  filter: FilterName
  proxy: ProxyName
  text: string
  /** Null for a variable that is not set. Variables without an entry have demo values. */
  variables: Record<string, string | null>
  keys: IssuerKeys
  redis_down: boolean
}

export interface Finding {
  code: string
  title: string
  severity: 'error' | 'warning' | 'note'
  message: string
  notes: string[]
  from: number
  to: number
  line: number
  column: number
  fix: { from: number; to: number; text: string } | null
}

export interface Variable {
  name: string
  /** The algorithm of a public key. Null for a secret. */
  public_key: string | null
  demo: string
}

export interface Checked {
  accepted: boolean
  findings: Finding[]
  variables: Variable[]
}

export interface TokenKey {
  name: string
  algorithm: string
  header: JsonObject
  claims: JsonObject
}

export interface DecodedKey {
  path: string
  name: string
  kid: string | null
  algorithms: string[]
  signed: boolean
  result: string
}

export interface Decoded {
  header: JsonObject
  claims: JsonObject
  times: Record<string, string>
  signature: string
  configurations: {
    keys: DecodedKey[]
    decision: string
    detail: string
    signature_checked: boolean
  }[]
}

/** Texts are Latin-1: a character for each byte. */
export interface Sending {
  method: string
  target: string
  host: string
  scheme: string
  headers: Line[]
  client_address: string
  route: string | null
  service: string | null
  millis: number
  upstream: { status: number; headers: Line[] }
}

export interface Note {
  subject: string
  expected: string
  found: string
  outcome: 'fact' | 'match' | 'mismatch'
  decides: boolean
}

export interface Change {
  name: string
  before: string[]
  after: string[]
}

/** A request that goes into a link. */
export interface Shareable {
  url: string
  headers: Line[]
  upstream_headers: Line[]
  texts: (string | null)[]
}

export interface Step {
  filter: string
  action: 'continues' | 'waits' | 'responds'
  decision: string
  notes: Note[]
  changes: Change[]
  meaning?: string
}

export interface ResponseStep {
  filter: string
  notes: Note[]
  changes: Change[]
}

export interface Explanation {
  status: number
  decision: {
    filter: string
    name: string
    text: { meaning: string; cause: string; remedy: string } | null
  }
  request: { method: string; path: string; host: string; time: number }
  steps: Step[]
  upstream: { method: string; path: string; headers: Line[] } | null
  response_steps: ResponseStep[]
  response: { status: number; headers: Line[]; body: string }
  metrics: { metric: string; by: number }[]
  access_log: { decision: string; attributes: Record<string, string> }
  log: string[]
  assumed: string[]
  exact: {
    upstream: { method: string; target: string; headers: Line[] } | null
    status: number
    headers: Line[]
    body: string
  }
}

export interface Pasted {
  files: { name: string; text: string }[]
  missing: string[]
  faults: string[]
}

export interface Converted {
  text: string
  entries: { fate: string; line: number | null; message: string }[]
  variables: { name: string; meaning: string; line: number | null }[]
}
