// The page.

import { useEffect, useMemo, useState } from 'preact/hooks'

import { Config } from './config'
import { Convert, FIRST_CONVERSION } from './convert'
import { Deploy } from './deploy'
import { check, tokenKeys } from './engine'
import { EXAMPLES, stateOf, type Example } from './examples'
import { Header, type View } from './header'
import { Request } from './request/request'
import { Result } from './result/result'
import { minted, messageOf, run, sending } from './run'
import { fragment } from './share'
import { setupOf, type State } from './state'
import type { Checked, FilterName, ProxyName, Sending, Setup } from './types'

const MAX_SENT = 500

/** The filters in a configuration. */
function configuredIn(state: State): string[] {
  if (state.filter !== 'gateway') return [state.filter]
  const names = ['cors', 'jwt_auth', 'rate_limit', 'header_transform']
  const found = names.filter((name) => new RegExp(`^\\s*["']?${name}["']?\\s*:`, 'm').test(state.text))
  return found.map((name) => name.replace('_', '-'))
}

function checked(setup: Setup): Checked {
  try {
    return check(setup)
  } catch (error) {
    const message = messageOf(error)
    const finding = { code: '', title: '', severity: 'error' as const, message, notes: [], from: 0, to: 0 }
    return { accepted: false, findings: [{ ...finding, line: 1, column: 1, fix: null }], variables: [] }
  }
}

/** Whether a change makes the claims of another configuration useless. */
const hasOtherKeys = (before: State, after: State): boolean => {
  try {
    const names = (state: State): string => tokenKeys(setupOf(state)).map((key) => key.name).join('\n')
    return before.filter !== after.filter && names(before) !== names(after)
  } catch {
    return false
  }
}

export function App({ initial }: { initial: State }) {
  const [state, setState] = useState(initial)
  const [view, setView] = useState<View>('try')
  const [past, setPast] = useState<Sending[]>([])
  const [selected, setSelected] = useState<number | null>(null)
  const [conversion, setConversion] = useState(FIRST_CONVERSION)
  const [now, setNow] = useState(() => Date.now())

  const millis = state.request.time ?? now
  const verdict = useMemo(() => checked(setupOf(state)), [state.filter, state.proxy, state.text, state.variables, state.token.mode])
  const mint = useMemo(
    () => (state.token.mode === 'mint' ? minted(state, millis) : null),
    [state.filter, state.proxy, state.text, state.variables, state.token, millis],
  )
  const token = mint ? mint.token : state.token.mode === 'paste' ? state.token.pasted : ''
  const next = useMemo(() => sending(state, bareToken(token), millis), [state, token, millis])
  const result = useMemo(
    () => (verdict.accepted ? run(state, past, next) : { sent: [], next: null, error: '' }),
    [state, past, next, verdict],
  )

  const change = (after: State): void => {
    const isStale = hasOtherKeys(state, after)
    setState(isStale ? { ...after, token: { ...after.token, claims: null, header: null, key: 0 } } : after)
    setSelected(null)
    setNow(Date.now())
  }
  const send = (times: number): void => {
    if (typeof next === 'string' || !result.next) return
    const all = [...past, ...Array.from({ length: times }, () => next)].slice(-MAX_SENT)
    setPast(all)
    setSelected(all.length - 1)
    setNow(Date.now())
  }
  const open = (example: Example): void => {
    setState(stateOf(example))
    setPast([])
    setSelected(null)
    setView('try')
    setNow(Date.now())
  }
  /** An example gives way to one of the other filter. A text of the user stays. */
  const choose = (filter: FilterName): void => {
    const isExample = EXAMPLES.some((example) => example.text === state.text)
    const other = EXAMPLES.find((example) => example.filter === filter)
    if (isExample && other) open(other)
    else change({ ...state, filter })
  }

  // Before the editors see the keys.
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (view !== 'try' || event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
      event.preventDefault()
      event.stopPropagation()
      send(1)
    }
    addEventListener('keydown', press, true)
    return () => removeEventListener('keydown', press, true)
  })

  useEffect(() => {
    if (state !== initial && location.hash) history.replaceState(null, '', location.pathname + location.search)
  }, [state])

  return (
    <>
      <Header
        view={view}
        proxy={state.proxy}
        onView={setView}
        onProxy={(proxy) => change({ ...state, proxy })}
        onExample={open}
        link={async () => {
          const hash = await fragment(state)
          history.replaceState(null, '', hash)
          return location.href
        }}
      />
      <main id="main">
        <h1 class="hidden">Novasphere playground</h1>
        {view === 'try' && (
          <div class="try">
            <Config
              state={state}
              checked={verdict}
              hasRedis={/\bredis\b/.test(state.text)}
              onChange={change}
              onFilter={choose}
            />
            <Request
              state={state}
              minted={mint ?? { keys: [], key: null, header: '{}', claims: '{}', token: '', error: '' }}
              token={token}
              millis={millis}
              canSend={typeof next !== 'string' && result.next !== null}
              error={typeof next === 'string' ? next : ''}
              sent={past.length}
              onChange={change}
              onSend={send}
              onReset={() => { setPast([]); setSelected(null); setNow(Date.now()) }}
            />
            <Result
              run={result}
              past={past}
              configured={configuredIn(state)}
              isAccepted={verdict.accepted}
              selected={selected}
              onSelect={setSelected}
            />
          </div>
        )}
        {view === 'deploy' && (
          <Deploy
            state={state}
            next={next}
            isAccepted={verdict.accepted}
            onProxy={(proxy: ProxyName) => change({ ...state, proxy })}
          />
        )}
        {view === 'convert' && <Convert conversion={conversion} onChange={setConversion} />}
      </main>
    </>
  )
}

const bareToken = (token: string): string => token.replace(/^(?:authorization\s*:)?\s*(?:bearer\s+)?/i, '').trim()
