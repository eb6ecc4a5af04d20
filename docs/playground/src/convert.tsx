// Converts the configuration of other plugins and proxies.

import { useMemo, useState } from 'preact/hooks'

import { Editor } from './editor/editor'
import { convert } from './engine'
import envoy from './examples/convert-envoy.yaml'
import kong from './examples/convert-kong.yaml'
import traefik from './examples/convert-traefik.yaml'
import { messageOf } from './run'
import type { Converted } from './types'
import { Card, Copy, Select } from './ui'

const SOURCES = [
  { value: 'kong', label: 'Kong: kong.yml' },
  { value: 'kic', label: 'Kong Ingress Controller' },
  { value: 'traefik', label: 'Traefik: dynamic configuration' },
  { value: 'envoy', label: 'Envoy’s own filters' },
  { value: 'istio', label: 'Istio' },
  { value: 'envoy-gateway', label: 'Envoy Gateway' },
]

const TARGETS = [
  { value: 'envoy', label: 'Envoy' },
  { value: 'kong', label: 'Kong' },
  { value: 'envoy-gateway', label: 'Envoy Gateway' },
  { value: 'traefik', label: 'Traefik' },
  { value: 'filters', label: 'The filters’ configuration only' },
]

const EXAMPLES: Record<string, string> = { kong, traefik, envoy }

export interface Conversion {
  from: string
  to: string
  text: string
}

export const FIRST_CONVERSION: Conversion = { from: 'kong', to: 'envoy', text: kong }

export function Convert(props: { conversion: Conversion; onChange: (conversion: Conversion) => void }) {
  const { conversion, onChange } = props
  const result = useMemo((): Converted | string => {
    try {
      return convert(conversion.from, conversion.to, conversion.text)
    } catch (error) {
      return messageOf(error)
    }
  }, [conversion])
  const [show, setShow] = useState<(offset: number) => void>()
  const select = (from: string): void => {
    const isExample = Object.values(EXAMPLES).includes(conversion.text) || conversion.text.trim() === ''
    const text = isExample ? EXAMPLES[from] ?? '' : conversion.text
    onChange({ ...conversion, from, text })
  }
  const toLine = (line: number): void => {
    const before = conversion.text.split('\n').slice(0, line - 1)
    show?.(before.reduce((sum, text) => sum + text.length + 1, 0))
  }
  return (
    <div class="convert">
      <Card
        title="From"
        actions={<Select label="Convert from" options={SOURCES} value={conversion.from} onChange={select} />}
      >
        <Editor
          label="Configuration to convert"
          language="yaml"
          value={conversion.text}
          onReady={(reveal) => setShow(() => reveal)}
          onChange={(text) => onChange({ ...conversion, text })}
        />
      </Card>
      <Card
        title="To"
        actions={(
          <>
            <Select
              label="Convert to"
              options={TARGETS}
              value={conversion.to}
              onChange={(to) => onChange({ ...conversion, to })}
            />
            {typeof result !== 'string' && <Copy text={result.text} />}
          </>
        )}
      >
        {typeof result === 'string'
          ? <p class="empty bad" role="status">{result}</p>
          : <Editor label="Converted configuration" language="yaml" value={result.text} />}
      </Card>
      <Card title="Report" class="report">
        <p class="hint">
          Read each line before you use the result. Neither the result nor the report contains secrets.
        </p>
        {typeof result !== 'string' && <Report result={result} onLine={toLine} />}
      </Card>
    </div>
  )
}

const CLASSES: Record<string, string> = {
  converted: 'good', changed: 'warn', 'left out': 'bad', 'not needed': 'faint', note: 'info',
}

function Report({ result, onLine }: { result: Converted; onLine: (line: number) => void }) {
  return (
    <>
      <ul class="entries">
        {result.entries.map((entry, n) => (
          <li key={n}>
            <span class={`pill ${CLASSES[entry.fate] ?? ''}`}>{entry.fate}</span>
            {entry.line === null ? <span /> : (
              <button type="button" class="quiet mono" onClick={() => onLine(entry.line ?? 1)}>line {entry.line}</button>
            )}
            <span>{entry.message}</span>
          </li>
        ))}
      </ul>
      {result.variables.length > 0 && (
        <>
          <h3>Variables to set</h3>
          <dl class="traces">
            {result.variables.map((variable) => (
              <>
                <dt key={variable.name} class="mono">{variable.name}</dt>
                <dd>{variable.meaning}{variable.line === null ? '' : `, line ${variable.line}`}</dd>
              </>
            ))}
          </dl>
        </>
      )}
    </>
  )
}
