// The chain: the way of the request through the filters, and of the response back.

import type { Explanation } from '../types'

export interface Stop {
  id: string
  label: string
  /** The decision, or the status. */
  detail: string
  kind: 'pass' | 'stop' | 'skipped' | 'end'
}

const ORDER = ['cors', 'jwt-auth', 'rate-limit', 'header-transform']

/** The filters in order: those that decided, and those that the request did not reach. */
export function stopsOf(explanation: Explanation, configured: string[]): Stop[] {
  const reached = explanation.steps.map((step, n) => ({
    id: `step-${n}`,
    label: step.filter,
    detail: step.decision,
    kind: step.action === 'responds' ? ('stop' as const) : ('pass' as const),
  }))
  const names = reached.map((stop) => stop.label)
  const missed = ORDER.filter((name) => configured.includes(name) && !names.includes(name))
  const isReached = explanation.upstream !== null
  const upstream: Stop = {
    id: 'upstream',
    label: 'upstream',
    detail: isReached ? String(explanation.response.status) : 'not reached',
    kind: isReached ? 'end' : 'skipped',
  }
  return [
    ...reached,
    ...missed.map((label) => ({ id: `missed-${label}`, label, detail: 'not reached', kind: 'skipped' as const })),
    upstream,
  ]
}

const SIGNS = { pass: '✓', stop: '✕', skipped: '–', end: '→' }

export function Chain(props: { stops: Stop[]; selected: string; onSelect: (id: string) => void }) {
  return (
    <ol class="chain" aria-label="The path of the request">
      <li class="chain-client"><span class="node static">client</span></li>
      {props.stops.map((stop) => {
        const content = (
          <>
            <span class="sign" aria-hidden="true">{SIGNS[stop.kind]}</span>
            <span class="node-text">
              <span class="node-name">{stop.label}</span>
              <span class="node-detail">{stop.detail}</span>
            </span>
          </>
        )
        return (
          <li key={stop.id} class={stop.kind}>
            {stop.kind === 'skipped' ? <span class="node">{content}</span> : (
              <button
                type="button"
                class="node"
                aria-pressed={stop.id === props.selected}
                onClick={() => props.onSelect(stop.id)}
              >
                {content}
              </button>
            )}
          </li>
        )
      })}
    </ol>
  )
}
