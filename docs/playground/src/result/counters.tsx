// The requests that were sent, and the limits after them.

import type { Explanation, Sending } from '../types'
import { statusClass } from './details'

interface Limit {
  name: string
  used: number
  max: number
  ends: number
}

/** The limits in the notes of rate-limit. */
export function limitsOf(explanation: Explanation): Limit[] {
  const notes = explanation.steps.filter((step) => step.filter === 'rate-limit').flatMap((step) => step.notes)
  return notes.flatMap((note) => {
    const name = /^limit (.+)$/.exec(note.subject)?.[1]
    const found = /^(\d+) used.*ends in (\d+) s$/.exec(note.found)
    const max = /^at most (\d+)$/.exec(note.expected)?.[1]
    if (!name || !found || !max) return []
    return [{ name, used: Number(found[1]), max: Number(max), ends: Number(found[2]) }]
  })
}

export function Limits({ explanation }: { explanation: Explanation }) {
  const limits = limitsOf(explanation)
  if (limits.length === 0) return null
  return (
    <div class="limits" role="group" aria-label="Limits">
      {limits.map((limit) => (
        <div key={limit.name} class="limit">
          <div class="limit-text">
            <span>per {limit.name}</span>
            <span><strong>{limit.used}</strong> of {limit.max}, ends in {limit.ends} s</span>
          </div>
          <div
            class={`bar ${limit.used >= limit.max ? 'bad' : ''}`}
            role="meter"
            aria-label={`Requests per ${limit.name}`}
            aria-valuemin={0}
            aria-valuemax={limit.max}
            aria-valuenow={limit.used}
          >
            <div style={{ width: `${Math.min(100, (limit.used / limit.max) * 100)}%` }} />
          </div>
        </div>
      ))}
    </div>
  )
}

interface Props {
  past: Sending[]
  sent: Explanation[]
  selected: number | null
  onSelect: (index: number | null) => void
}

export function History({ past, sent, selected, onSelect }: Props) {
  if (sent.length === 0) return null
  return (
    <div class="history">
      <h3>Sent <span class="count">{sent.length}</span></h3>
      <ol>
        {sent.map((explanation, n) => (
          <li key={n}>
            <button
              type="button"
              class={`dot ${statusClass(explanation.status)}`}
              aria-pressed={selected === n}
              aria-label={`Request ${n + 1}: ${past[n]?.method} ${past[n]?.target.split('?')[0]}, ${explanation.status}`}
              onClick={() => onSelect(n)}
            >
              {explanation.status}
            </button>
          </li>
        ))}
      </ol>
      <p class="hint">A change of the configuration replays them and shows the new results.</p>
    </div>
  )
}
