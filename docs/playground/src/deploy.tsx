// The configuration in the files of each proxy, and what differs there.

import { useMemo } from 'preact/hooks'

import { paste } from './engine'
import { messageOf, run } from './run'
import { setupOf, type Sending, type State } from './state'
import type { Explanation, FilterName, Pasted, ProxyName } from './types'
import { Card, Copy, Panel, Prose, Tabs } from './ui'

interface Host {
  id: ProxyName
  label: string
  where: string
  facts: string[]
}

/** Whether the filter has a module for the proxy. */
export const hasModule = (proxy: ProxyName, filter: FilterName): boolean =>
  proxy !== 'traefik' || filter === 'jwt-auth' || filter === 'header-transform'

const HOSTS: Host[] = [
  {
    id: 'envoy',
    label: 'Envoy',
    where: 'An entry of `http_filters` of the HTTP connection manager. The same module runs in Istio and Envoy Gateway.',
    facts: [
      'All filters and fields work. Counts are exact across all workers.',
      'Separate filters see responses in reverse order, as the parts of `gateway` do.',
      'An invalid update is rejected, and the old configuration stays in effect.',
      'Keep `use_remote_address: true`. Otherwise clients choose the address by which `rate-limit` counts.',
      'With `jwks`, the proxy needs a cluster for the server that publishes the keys.',
    ],
  },
  {
    id: 'kong',
    label: 'Kong',
    where: 'A filter in the `filter_chains` of a service, for Kong 3.4 to 3.9. The modules are in `dist/kong`, with their schemas.',
    facts: [
      'All filters work. Counts are exact across all workers.',
      'Separate filters see responses in the same order as requests. The parts of `gateway` see them in reverse order, as on Envoy.',
      'nginx cannot remove a request header. The upstream gets it with an empty value.',
      'With `jwks`, requests that arrive before the first keys get 503, because a filter on Kong cannot hold them.',
      'A filter cannot pass claims on to another filter. Use `gateway`: all its parts have the claims.',
    ],
  },
  {
    id: 'traefik',
    label: 'Traefik',
    where: 'Middlewares of the dynamic configuration, and plugins of the static configuration. Each module is in `plugins-local`.',
    facts: [
      'Only `jwt-auth` and, for requests, `header-transform` run as filters. Traefik’s own `headers` and `rateLimit` do the rest.',
      'A plugin cannot fetch keys. Write the keys of the issuer into `credentials`.',
      'A plugin cannot change responses.',
      'An invalid configuration makes its routes return 500.',
      'Filters have no metrics there.',
    ],
  },
]

interface Props {
  state: State
  next: Sending | string
  isAccepted: boolean
  onProxy: (proxy: ProxyName) => void
}

export function Deploy(props: Props) {
  const { state, onProxy } = props
  const host = HOSTS.find((one) => one.id === state.proxy) ?? HOSTS[0]!
  const pasted = useMemo((): Pasted | string => {
    try {
      return paste(setupOf(state))
    } catch (error) {
      return messageOf(error)
    }
  }, [state.filter, state.proxy, state.text, state.variables])
  return (
    <div class="deploy">
      <Tabs
        label="Proxy"
        class="large"
        tabs={HOSTS.map(({ id, label }) => ({ id, label }))}
        selected={state.proxy}
        onSelect={(id) => onProxy(id as ProxyName)}
      />
      <Panel id={host.id} class="deploy-panel">
        <div>
          <Card title={`What differs on ${host.label}`}>
            <ul class="facts">{host.facts.map((fact) => <li key={fact}><Prose text={fact} /></li>)}</ul>
          </Card>
          <Card title="This request on each proxy"><Comparison {...props} /></Card>
        </div>
        <Card title={`Your configuration in ${host.label}`}>
          <p class="hint"><Prose text={host.where} /></p>
          {typeof pasted === 'string' ? <p class="hint bad">{pasted}</p> : <Files pasted={pasted} host={host} />}
        </Card>
      </Panel>
    </div>
  )
}

function Files({ pasted, host }: { pasted: Pasted; host: Host }) {
  return (
    <>
      {pasted.missing.length === 0 && pasted.faults.length > 0 && (
        <div class="notice bad" role="status">
          <strong>{host.label} rejects it:</strong>
          <ul>{pasted.faults.map((fault) => <li key={fault}><Prose text={fault} /></li>)}</ul>
        </div>
      )}
      {pasted.missing.length > 0 && (
        <div class="notice">
          {host.label} does not run {pasted.missing.join(' and ')}. Use its own middlewares, as in the shipped
          configuration <code>host-config/traefik/dynamic.yaml</code>.
        </div>
      )}
      {pasted.files.map((file) => (
        <figure class="file" key={file.name}>
          <figcaption><span class="mono">{file.name}</span><Copy text={file.text} /></figcaption>
          <pre class="mono" tabIndex={0} aria-label={file.name}>{file.text}</pre>
        </figure>
      ))}
    </>
  )
}

/** The result of the request on each proxy. */
function Comparison({ state, next, isAccepted }: Props) {
  const rows = useMemo(() => HOSTS.map((host) => {
    if (!hasModule(host.id, state.filter)) {
      return { host, explanation: null, error: `${host.label} has no module of ${state.filter}.` }
    }
    const { next: explanation, error } = run({ ...state, proxy: host.id }, [], next)
    return { host, explanation, error: error.replace(/^.*:\n\s*/, 'Rejects the configuration: ') }
  }), [state, next, isAccepted])
  const first = rows[0]?.explanation ?? null
  return (
    <table class="comparison">
      <thead><tr><th scope="col">Proxy</th><th scope="col">Response</th><th scope="col">Differs from Envoy</th></tr></thead>
      <tbody>
        {rows.map(({ host, explanation, error }) => (
          <tr key={host.id}>
            <th scope="row">{host.label}</th>
            <td>{explanation ? `${explanation.status} ${explanation.decision.name}` : 'none'}</td>
            <td>{explanation ? difference(first, explanation) : error}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function difference(first: Explanation | null, other: Explanation): string {
  if (!first || first === other) return ''
  const names = [
    ...different('response', first.exact.headers, other.exact.headers),
    ...different('request', first.exact.upstream?.headers ?? [], other.exact.upstream?.headers ?? []),
  ]
  if (first.status !== other.status) names.unshift('status')
  else if (first.exact.body.trim() !== other.exact.body.trim()) names.unshift('body')
  else if (first.exact.body !== other.exact.body) names.unshift('a newline at the end of the body')
  return names.length === 0 ? 'no' : names.join(', ')
}

function different(kind: string, before: [string, string][], after: [string, string][]): string[] {
  const written = (lines: [string, string][]): Map<string, string> => {
    const map = new Map<string, string>()
    for (const [name, value] of lines) map.set(name, `${map.get(name) ?? ''}\n${value}`)
    return map
  }
  const [one, two] = [written(before), written(after)]
  const names = new Set([...one.keys(), ...two.keys()])
  return [...names].filter((name) => one.get(name) !== two.get(name)).map((name) => `${kind} header ${name}`)
}
