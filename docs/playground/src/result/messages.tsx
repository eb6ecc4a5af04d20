// The response that the client gets, the request that the upstream gets, and the traces of the decision.

import { useState } from 'preact/hooks'

import { fromBytes } from '../latin1'
import type { Explanation, Line } from '../types'
import { Check, Panel, Tabs } from '../ui'

export function Messages({ explanation }: { explanation: Explanation }) {
  const [tab, setTab] = useState('response')
  const [isExact, setExact] = useState(false)
  const tabs = [
    { id: 'response', label: 'Client gets' },
    { id: 'request', label: 'Upstream gets' },
    { id: 'traces', label: 'Logs and metrics' },
  ]
  return (
    <div class="messages">
      <Tabs label="Messages" tabs={tabs} selected={tab} onSelect={setTab} />
      <Panel id={tab} class="panel">
        {tab === 'response' && <Response explanation={explanation} />}
        {tab === 'request' && <Upstream explanation={explanation} isExact={isExact} onExact={setExact} />}
        {tab === 'traces' && <Traces explanation={explanation} />}
      </Panel>
    </div>
  )
}

function Head({ first, lines }: { first: string; lines: Line[] }) {
  return (
    <div class="message mono" tabIndex={0} role="group" aria-label={first}>
      <div class="message-first">{first}</div>
      {lines.map(([name, value], n) => (
        <div key={n}><span class="message-name">{name}:</span> {value}</div>
      ))}
    </div>
  )
}

function Response({ explanation: { exact } }: { explanation: Explanation }) {
  const lines = exact.headers.map(([name, value]): Line => [name, fromBytes(value)])
  return (
    <>
      <Head first={`HTTP ${exact.status}`} lines={lines} />
      {exact.body && <pre class="body mono" tabIndex={0} aria-label="Body">{exact.body}</pre>}
    </>
  )
}

function Upstream(props: { explanation: Explanation; isExact: boolean; onExact: (isExact: boolean) => void }) {
  const { upstream, exact } = props.explanation
  if (!upstream || !exact.upstream) return <p class="hint">The request does not reach the upstream.</p>
  const sent = exact.upstream
  const lines = props.isExact ? sent.headers.map(([n, v]): Line => [n, fromBytes(v)]) : upstream.headers
  const path = props.isExact ? fromBytes(sent.target) : upstream.path
  return (
    <>
      <Head first={`${upstream.method} ${path}`} lines={lines} />
      <Check label="Show credentials" checked={props.isExact} onChange={props.onExact} />
    </>
  )
}

function Traces({ explanation }: { explanation: Explanation }) {
  const { metrics, access_log: access, log } = explanation
  const attributes = Object.entries(access.attributes).filter(([name]) => name !== 'rate_limit_counted')
  return (
    <dl class="traces">
      <dt>Access log</dt>
      <dd class="mono">decision: {access.decision}</dd>
      {attributes.map(([name, value]) => <dd key={name} class="mono">{name}: {value}</dd>)}
      {metrics.length > 0 && <dt>Metrics</dt>}
      {metrics.map(({ metric, by }) => <dd key={metric} class="mono">{metric} +{by}</dd>)}
      {log.length > 0 && <dt>Log</dt>}
      {log.map((line, n) => <dd key={n} class="mono">{line}</dd>)}
    </dl>
  )
}
