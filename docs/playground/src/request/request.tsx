// The request to send.

import { useId, useState } from 'preact/hooks'

import type { Minted } from '../run'
import type { RequestState, State } from '../state'
import { Card, Panel, Tabs } from '../ui'
import { Client, Upstream } from './client'
import { Lines } from './lines'
import { Token } from './token'

interface Props {
  state: State
  minted: Minted
  token: string
  millis: number
  canSend: boolean
  error: string
  sent: number
  onChange: (state: State) => void
  onSend: (times: number) => void
  onReset: () => void
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']

export function Request(props: Props) {
  const { state, onChange } = props
  const { request, token } = state
  const [tab, setTab] = useState('token')
  const set = (next: RequestState): void => onChange({ ...state, request: next })
  const headers = request.headers.filter(([name]) => name.trim() !== '').length
  const tabs = [
    { id: 'token', label: 'Token', badge: token.mode === 'none' ? undefined : '1' },
    { id: 'headers', label: 'Headers', badge: headers },
    { id: 'client', label: 'Client and clock', badge: request.time === null ? undefined : '1' },
    { id: 'upstream', label: 'Upstream' },
  ].map(({ badge, ...rest }) => (badge === undefined ? rest : { ...rest, badge }))
  return (
    <Card title="Request" class="request">
      <form onSubmit={(event) => { event.preventDefault(); props.onSend(1) }}>
        <Target request={request} onChange={set} />
        <div class="send">
          <button type="submit" class="primary" title="Ctrl+Enter" disabled={!props.canSend}>Send</button>
          <button type="button" disabled={!props.canSend} onClick={() => props.onSend(10)}>Send ×10</button>
          <button type="button" class="quiet" disabled={props.sent === 0} onClick={props.onReset}>
            Reset counts
          </button>
          <span class="hint" role="status">{props.error}</span>
        </div>
      </form>
      <Tabs label="Parts of the request" tabs={tabs} selected={tab} onSelect={setTab} />
      <Panel id={tab} class="panel">
        {tab === 'token' && (
          <Token
            state={state}
            minted={props.minted}
            token={props.token}
            millis={props.millis}
            onChange={(next) => onChange({ ...state, token: next })}
          />
        )}
        {tab === 'headers' && (
          <Lines label="Request headers" lines={request.headers} onChange={(lines) => set({ ...request, headers: lines })} />
        )}
        {tab === 'client' && <Client request={request} onChange={set} />}
        {tab === 'upstream' && <Upstream request={request} onChange={set} />}
      </Panel>
    </Card>
  )
}

function Target({ request, onChange }: { request: RequestState; onChange: (request: RequestState) => void }) {
  const [method, url] = [useId(), useId()]
  return (
    <div class="target">
      <label class="hidden" for={method}>Method</label>
      <input
        id={method}
        class="mono method"
        list="methods"
        value={request.method}
        onInput={(event) => onChange({ ...request, method: event.currentTarget.value.trim().toUpperCase() })}
      />
      <datalist id="methods">{METHODS.map((name) => <option key={name} value={name} />)}</datalist>
      <label class="hidden" for={url}>URL</label>
      <input
        id={url}
        class="mono url"
        inputMode="url"
        spellcheck={false}
        value={request.url}
        onInput={(event) => onChange({ ...request, url: event.currentTarget.value })}
      />
    </div>
  )
}
