// The result of a request.

import { useState } from 'preact/hooks'

import type { Run } from '../run'
import type { Explanation, Sending } from '../types'
import { Card } from '../ui'
import { Chain, stopsOf } from './chain'
import { History, Limits } from './counters'
import { Decision, StepDetails } from './details'
import { Messages } from './messages'

interface Props {
  run: Run
  past: Sending[]
  configured: string[]
  isAccepted: boolean
  /** The index of the request that is shown. Null for the next one. */
  selected: number | null
  onSelect: (index: number | null) => void
}

export function Result(props: Props) {
  const { run, selected } = props
  const explanation = selected === null ? run.next : run.sent[selected] ?? run.next
  const shown = selected === null ? 'if you send it now' : `request ${selected + 1}`
  return (
    <Card title="Result" class="result" actions={explanation && <Shown {...props} text={shown} />}>
      {explanation
        ? <Explained explanation={explanation} configured={props.configured} />
        : <p class="empty">{props.isAccepted ? run.error : 'Correct the configuration to see the result.'}</p>}
      <History past={props.past} sent={run.sent} selected={selected} onSelect={props.onSelect} />
    </Card>
  )
}

function Shown({ selected, onSelect, text }: Props & { text: string }) {
  return (
    <>
      <span class="shown">{text}</span>
      {selected !== null && (
        <button type="button" class="quiet" onClick={() => onSelect(null)}>Show the next request</button>
      )}
    </>
  )
}

function Explained({ explanation, configured }: { explanation: Explanation; configured: string[] }) {
  const [chosen, setChosen] = useState('')
  const stops = stopsOf(explanation, configured)
  const stopped = explanation.steps.findIndex((step) => step.action === 'responds')
  const initial = stopped >= 0 ? `step-${stopped}` : explanation.steps.length > 0 ? 'step-0' : 'upstream'
  const isKnown = stops.some((stop) => stop.id === chosen && stop.kind !== 'skipped')
  const selected = isKnown ? chosen : initial
  const step = explanation.steps[Number(selected.replace('step-', ''))]
  const response = explanation.response_steps.filter((one) => one.filter === step?.filter)
  return (
    <>
      <Chain stops={stops} selected={selected} onSelect={setChosen} />
      <Decision explanation={explanation} />
      <div class="result-columns">
        <div>
          {step ? <StepDetails step={step} response={response} /> : (
            <div class="details">
              <p class="details-head"><strong>upstream</strong> responds with {explanation.response.status}</p>
              <p class="hint">The response then passes the filters, which can change its headers.</p>
            </div>
          )}
          <Limits explanation={explanation} />
        </div>
        <Messages explanation={explanation} />
      </div>
    </>
  )
}
