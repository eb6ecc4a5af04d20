// What a filter compared, found, decided and changed.

import type { Change, Explanation, Note, ResponseStep, Step } from '../types'
import { Prose } from '../ui'

const SIGNS = { match: '✓', mismatch: '✕', fact: '·' }
const WORDS = { match: 'as expected', mismatch: 'not as expected', fact: 'fact' }

/** Shows a time in seconds as a date too. */
const withDates = (text: string): string =>
  text.replace(/\b(1[0-9]{9}|2[0-9]{9})\b/g, (digits) =>
    `${digits} (${new Date(Number(digits) * 1_000).toISOString().slice(0, 19).replace('T', ' ')}Z)`)

function Notes({ notes }: { notes: Note[] }) {
  if (notes.length === 0) return null
  return (
    <ul class="notes">
      {notes.map((note, n) => (
        <li key={n} class={`${note.outcome} ${note.decides ? 'decides' : ''}`}>
          <span class="sign" aria-hidden="true">{SIGNS[note.outcome]}</span>
          <span class="note-subject mono">{note.subject}</span>
          <span class="note-found">
            <span class="hidden">{WORDS[note.outcome]}: </span>
            {withDates(note.found)}
            {note.expected && note.expected !== note.found && (
              <span class="note-expected">expected {withDates(note.expected)}</span>
            )}
          </span>
          {note.decides && <span class="tag">decides</span>}
        </li>
      ))}
    </ul>
  )
}

export function Changes({ changes, of }: { changes: Change[]; of: string }) {
  if (changes.length === 0) return null
  return (
    <div class="diff mono" role="group" aria-label={`Changes to the ${of}`}>
      {changes.flatMap((change) => [
        ...change.before.map((value) => ({ sign: '−', word: 'removed', name: change.name, value })),
        ...change.after.map((value) => ({ sign: '+', word: 'set', name: change.name, value })),
      ]).map((row, n) => (
        <div key={n} class={row.sign === '+' ? 'added' : 'removed'}>
          <span class="diff-sign" aria-hidden="true">{row.sign}</span>
          <span class="hidden">{row.word}: </span>
          <span class="diff-name">{row.name}:</span> {row.value}
        </div>
      ))}
    </div>
  )
}

const ACTIONS = { continues: 'lets the request pass', waits: 'waits', responds: 'responds' }

export function StepDetails({ step, response }: { step: Step; response: ResponseStep[] }) {
  return (
    <div class="details">
      <p class="details-head">
        <strong>{step.filter}</strong> {ACTIONS[step.action]}:{' '}
        <span class={`pill ${step.action === 'responds' ? 'bad' : 'good'}`}>{step.decision}</span>
      </p>
      {step.meaning && <p class="hint"><Prose text={step.meaning} /></p>}
      <Notes notes={step.notes} />
      {step.changes.length > 0 && <h3>On the request</h3>}
      <Changes changes={step.changes} of="request" />
      {response.map((one, n) => (
        <div key={n}>
          <h3>On the response</h3>
          <Notes notes={one.notes} />
          <Changes changes={one.changes} of="response" />
        </div>
      ))}
      {step.notes.length + step.changes.length + response.length === 0 && (
        <p class="hint">The filter has nothing to compare and changes nothing.</p>
      )}
    </div>
  )
}

/** The decision that made the response. */
export function Decision({ explanation }: { explanation: Explanation }) {
  const { decision } = explanation
  const isUpstream = decision.filter === 'upstream'
  const last = explanation.steps[explanation.steps.length - 1]
  const note = isUpstream ? undefined : last?.notes.findLast((one) => one.decides)
  return (
    <div class="decision" role="status">
      <span class={`status ${statusClass(explanation.status)}`}>{explanation.status}</span>
      <div>
        <p class="decision-name">
          {isUpstream ? 'The request reaches the upstream.' : <><code>{decision.filter}</code>: {decision.name}</>}
        </p>
        {decision.text && <p><Prose text={decision.text.meaning} /></p>}
        {note && (
          <p class="because">
            <code>{note.subject}</code>: {withDates(note.found)}
            {note.expected && <>; expected {withDates(note.expected)}</>}
          </p>
        )}
        {decision.text && decision.text.remedy !== 'Nothing.' && (
          <p class="hint"><Prose text={decision.text.cause} /> <Prose text={decision.text.remedy} /></p>
        )}
        {explanation.assumed.map((text) => <p key={text} class="hint warn">Assumed: {text}.</p>)}
      </div>
    </div>
  )
}

export const statusClass = (status: number): string =>
  status < 300 ? 'good' : status < 400 ? 'info' : status < 500 ? 'bad' : 'broken'
