// The client, the clock, and the upstream's response.

import { useId } from 'preact/hooks'

import type { RequestState } from '../state'
import { Check } from '../ui'
import { Lines } from './lines'

interface Props {
  request: RequestState
  onChange: (request: RequestState) => void
}

const SECOND = 1_000
const JUMPS: [string, number][] = [['+1 min', 60], ['+1 h', 3_600], ['+1 day', 86_400]]

/** The time as the input for dates writes it, in UTC. */
const written = (millis: number): string => new Date(millis).toISOString().slice(0, 19)

function Field(props: { label: string; value: string; placeholder?: string; onInput: (value: string) => void }) {
  const id = useId()
  return (
    <div class="field wide">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        class="mono"
        placeholder={props.placeholder}
        value={props.value}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
    </div>
  )
}

export function Client({ request, onChange }: Props) {
  const time = useId()
  const millis = request.time ?? Date.now()
  return (
    <div class="fields">
      <Field
        label="Client address"
        value={request.clientAddress}
        onInput={(clientAddress) => onChange({ ...request, clientAddress })}
      />
      <Check
        label="The proxy appends it to X-Forwarded-For"
        checked={request.forwardedFor}
        onChange={(forwardedFor) => onChange({ ...request, forwardedFor })}
      />
      <div class="field wide">
        <label for={time}>Clock (UTC)</label>
        <input
          id={time}
          type="datetime-local"
          step="1"
          value={written(millis)}
          onChange={(event) => {
            const set = Date.parse(`${event.currentTarget.value}Z`)
            if (set >= 0) onChange({ ...request, time: set })
          }}
        />
        <div class="buttons">
          {JUMPS.map(([label, seconds]) => (
            <button
              key={label}
              type="button"
              class="quiet"
              onClick={() => onChange({ ...request, time: millis + seconds * SECOND })}
            >
              {label}
            </button>
          ))}
          <button
            type="button"
            class="quiet"
            disabled={request.time === null}
            onClick={() => onChange({ ...request, time: null })}
          >
            Now
          </button>
        </div>
      </div>
      <Field
        label="Route"
        placeholder="none; needed for rules with route"
        value={request.route}
        onInput={(route) => onChange({ ...request, route })}
      />
      <Field
        label="Service"
        placeholder="none; needed for limit_by: service"
        value={request.service}
        onInput={(service) => onChange({ ...request, service })}
      />
      <p class="hint">Move the clock to see tokens expire and limits start again.</p>
    </div>
  )
}

export function Upstream({ request, onChange }: Props) {
  const status = useId()
  return (
    <div class="fields">
      <p class="hint">The response of your API, if the request reaches it.</p>
      <div class="field wide">
        <label for={status}>Status</label>
        <input
          id={status}
          class="mono short"
          type="number"
          min="200"
          max="599"
          value={request.upstreamStatus}
          onInput={(event) => {
            const upstreamStatus = Math.trunc(Number(event.currentTarget.value))
            if (upstreamStatus >= 200 && upstreamStatus <= 599) onChange({ ...request, upstreamStatus })
          }}
        />
      </div>
      <Lines
        label="Response headers"
        lines={request.upstreamHeaders}
        onChange={(upstreamHeaders) => onChange({ ...request, upstreamHeaders })}
      />
    </div>
  )
}
