// A list of header lines to edit.

import type { Line } from '../types'

const NAMES = [
  'Accept', 'Access-Control-Request-Headers', 'Access-Control-Request-Method', 'Authorization', 'Content-Type',
  'Cookie', 'Host', 'Origin', 'Sec-WebSocket-Protocol', 'Upgrade', 'User-Agent', 'X-Client', 'X-Forwarded-For',
]

export function Lines(props: { label: string; lines: Line[]; onChange: (lines: Line[]) => void }) {
  const { lines } = props
  const set = (index: number, line: Line): void =>
    props.onChange(lines.map((old, n) => (n === index ? line : old)))
  return (
    <div class="lines" role="group" aria-label={props.label}>
      <datalist id="header-names">{NAMES.map((name) => <option key={name} value={name} />)}</datalist>
      {lines.map(([name, value], n) => (
        <div class="line" key={n}>
          <input
            class="mono"
            aria-label={`${props.label}: name ${n + 1}`}
            placeholder="Name"
            list="header-names"
            value={name}
            onInput={(event) => set(n, [event.currentTarget.value, value])}
          />
          <input
            class="mono"
            aria-label={`${props.label}: value ${n + 1}`}
            placeholder="Value"
            value={value}
            onInput={(event) => set(n, [name, event.currentTarget.value])}
          />
          <button
            type="button"
            class="icon"
            aria-label={`Remove ${name || 'the header'}`}
            onClick={() => props.onChange(lines.filter((_, index) => index !== n))}
          >
            ×
          </button>
        </div>
      ))}
      <button type="button" class="quiet add" onClick={() => props.onChange([...lines, ['', '']])}>
        + Add header
      </button>
    </div>
  )
}
