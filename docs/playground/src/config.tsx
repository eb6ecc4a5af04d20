// The configuration, its findings, and the variables that it reads.

import { useId, useRef, useState } from 'preact/hooks'

import { hasModule } from './deploy'
import { Editor } from './editor/editor'
import type { State } from './state'
import type { Checked, FilterName, Finding, Variable } from './types'
import { Card, Check, Select } from './ui'

export const FILTERS: { value: FilterName; label: string }[] = [
  { value: 'gateway', label: 'gateway (all four)' },
  { value: 'jwt-auth', label: 'jwt-auth' },
  { value: 'rate-limit', label: 'rate-limit' },
  { value: 'cors', label: 'cors' },
  { value: 'header-transform', label: 'header-transform' },
]

interface Props {
  state: State
  checked: Checked
  hasRedis: boolean
  onChange: (state: State) => void
  onFilter: (filter: FilterName) => void
}

export function Config({ state, checked, hasRedis, onChange, onFilter }: Props) {
  const reveal = useRef<(offset: number) => void>(() => {})
  const filter = (
    <Select
      label="Filter"
      isLabelled
      options={FILTERS}
      value={state.filter}
      onChange={(value) => onFilter(value as FilterName)}
    />
  )
  return (
    <Card title="Configuration" class="config" actions={filter}>
      {!hasModule(state.proxy, state.filter) && (
        <p class="notice" role="status">
          Traefik has no module of {state.filter}. The view Deploy shows what runs there.
        </p>
      )}
      <Editor
        label={`Configuration of ${state.filter}, YAML or JSON`}
        language="yaml"
        value={state.text}
        findings={checked.findings}
        filter={state.filter}
        onReady={(show) => { reveal.current = show }}
        onChange={(text) => onChange({ ...state, text })}
      />
      <Findings checked={checked} filter={state.filter} onSelect={(finding) => reveal.current(finding.from)} />
      {(checked.variables.length > 0 || hasRedis) && (
        <div class="environment">
          {checked.variables.length > 0 && <h3>Environment of the proxy</h3>}
          {checked.variables.map((variable) => (
            <VariableField key={variable.name} variable={variable} state={state} onChange={onChange} />
          ))}
          {hasRedis && (
            <Check
              label="Redis cannot be reached"
              checked={state.redisDown}
              onChange={(redisDown) => onChange({ ...state, redisDown })}
            />
          )}
        </div>
      )}
    </Card>
  )
}

const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

function Findings(props: { checked: Checked; filter: string; onSelect: (finding: Finding) => void }) {
  const { accepted, findings } = props.checked
  const of = (severity: string): Finding[] => findings.filter((one) => one.severity === severity)
  const [errors, warnings] = [of('error'), of('warning')]
  const parts = [
    accepted ? `${props.filter} accepts the configuration` : `${props.filter} rejects the configuration`,
    errors.length > 0 ? counted(errors.length, 'error') : '',
    warnings.length > 0 ? counted(warnings.length, 'warning') : '',
  ]
  return (
    <div class="findings">
      <p class={`verdict ${accepted ? 'good' : 'bad'}`} role="status">{parts.filter(Boolean).join(' · ')}</p>
      {[...errors, ...warnings, ...of('note')].map((finding, n) => (
        <button key={n} type="button" class={`finding ${finding.severity}`} onClick={() => props.onSelect(finding)}>
          <span class="place mono">{finding.line}:{finding.column}</span>
          <span>{finding.message}</span>
          <span class="code mono" title={finding.title}>{finding.code}</span>
        </button>
      ))}
    </div>
  )
}

function VariableField(props: { variable: Variable; state: State; onChange: (state: State) => void }) {
  const { variable: { name, public_key: algorithm, demo }, state, onChange } = props
  const id = useId()
  const [isShown, setShown] = useState(false)
  const given = state.variables[name]
  const isUnset = given === null
  const set = (value: string | null | undefined): void => {
    const { [name]: _, ...others } = state.variables
    onChange({ ...state, variables: value === undefined ? others : { ...others, [name]: value } })
  }
  const placeholder = algorithm === null ? 'demo secret of the playground' : `demo public key for ${algorithm}`
  return (
    <div class="variable">
      <label class="mono" for={id}>{name}</label>
      <div class="variable-value">
        <input
          id={id}
          class="mono"
          type={(isShown ? 'text' : 'password') as 'text'}
          autocomplete="off"
          spellcheck={false}
          placeholder={isUnset ? 'not set' : placeholder}
          disabled={isUnset}
          value={isShown && given === undefined ? demo : given ?? ''}
          onInput={(event) => set(event.currentTarget.value || undefined)}
        />
        <button type="button" class="quiet" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          {isShown ? 'Hide' : 'Show'}<span class="hidden"> {name}</span>
        </button>
      </div>
      <Check label={`Set`} checked={!isUnset} onChange={(isSet) => set(isSet ? undefined : null)} />
    </div>
  )
}
