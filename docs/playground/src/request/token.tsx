// The token: minted for the configuration, or pasted.

import { useId, useMemo } from 'preact/hooks'

import { Editor } from '../editor/editor'
import { decode } from '../engine'
import { bare, messageOf, type Minted } from '../run'
import { NO_TOKEN, setupOf, type State, type TokenMode, type TokenState } from '../state'
import type { Decoded } from '../types'
import { Copy, Segments, Select } from '../ui'

interface Props {
  state: State
  minted: Minted
  token: string
  millis: number
  onChange: (token: TokenState) => void
}

const MODES = [
  { value: 'none', label: 'No token' },
  { value: 'mint', label: 'Mint' },
  { value: 'paste', label: 'Paste' },
]

export function Token(props: Props) {
  const { state: { token }, onChange } = props
  return (
    <div class="fields">
      <Segments
        label="Token"
        options={MODES}
        value={token.mode}
        onChange={(mode) => onChange({ ...token, mode: mode as TokenMode })}
      />
      {token.mode === 'none' && <p class="hint">The request has no token, unless a header has one.</p>}
      {token.mode === 'mint' && <Mint {...props} />}
      {token.mode === 'paste' && <Paste {...props} />}
      {token.mode !== 'none' && <Verdict {...props} />}
      {token.mode !== 'none' && <Parameter token={token} onChange={onChange} />}
    </div>
  )
}

function Mint({ state: { token }, minted, onChange }: Props) {
  if (!minted.key) return <p class="hint bad" role="status">{minted.error}</p>
  const options = minted.keys.map((key, n) => ({ value: String(n), label: `${key.algorithm} · ${key.name}` }))
  const isEdited = token.claims !== null || token.header !== null
  return (
    <>
      <div class="row">
        <Select
          label="Signed by"
          isLabelled
          options={options}
          value={String(Math.min(token.key, minted.keys.length - 1))}
          onChange={(key) => onChange({ ...NO_TOKEN, mode: 'mint', parameter: token.parameter, key: Number(key) })}
        />
        {isEdited && (
          <button type="button" class="quiet" onClick={() => onChange({ ...token, claims: null, header: null })}>
            Reset claims
          </button>
        )}
      </div>
      <div class="label">Claims. Times may be relative: "now+3600"</div>
      <Editor
        label="Claims of the token"
        language="json"
        isCompact
        value={minted.claims}
        onChange={(claims) => onChange({ ...token, claims })}
      />
      <details>
        <summary>JOSE header</summary>
        <Editor
          label="JOSE header of the token"
          language="json"
          isCompact
          value={minted.header}
          onChange={(header) => onChange({ ...token, header })}
        />
      </details>
      {minted.error && <p class="hint bad" role="status">{minted.error}</p>}
    </>
  )
}

function Paste({ state: { token }, onChange }: Props) {
  const id = useId()
  return (
    <div class="field wide column">
      <label for={id}>Token, with or without Bearer</label>
      <textarea
        id={id}
        class="mono"
        rows={4}
        spellcheck={false}
        autocomplete="off"
        value={token.pasted}
        onInput={(event) => onChange({ ...token, pasted: event.currentTarget.value })}
      />
      <p class="hint">
        It stays in this page. Its signature is checked if you give the secret or public key as a variable.
      </p>
    </div>
  )
}

function Parameter(props: { token: TokenState; onChange: (token: TokenState) => void }) {
  const id = useId()
  return (
    <div class="field wide">
      <label for={id}>Query parameter</label>
      <input
        id={id}
        class="mono"
        placeholder="none: the header Authorization"
        value={props.token.parameter}
        onInput={(event) => props.onChange({ ...props.token, parameter: event.currentTarget.value.trim() })}
      />
    </div>
  )
}

/** Which key signed the token, when it expires, and the decision about it. */
function Verdict({ state, token, millis }: Props) {
  const decoded = useMemo((): Decoded | string => {
    if (!bare(token)) return ''
    try {
      return decode(setupOf(state), token, millis)
    } catch (error) {
      return messageOf(error)
    }
  }, [state.text, state.filter, state.proxy, state.variables, token, millis])
  if (decoded === '') return null
  if (typeof decoded === 'string') return <p class="hint bad" role="status">{decoded}</p>
  const [verdict] = decoded.configurations
  const isAllowed = verdict?.decision === 'allowed'
  return (
    <div class="token-verdict">
      <dl>
        {verdict && (
          <>
            <dt>Decision</dt>
            <dd>
              <span class={`pill ${isAllowed ? 'good' : 'bad'}`}>{verdict.decision}</span> {verdict.detail}
            </dd>
          </>
        )}
        <dt>Signature</dt>
        <dd>{decoded.signature}</dd>
        {Object.entries(decoded.times).map(([name, text]) => (
          <>
            <dt key={name}><code>{name}</code></dt>
            <dd>{text}</dd>
          </>
        ))}
      </dl>
      {state.token.mode === 'paste' && (
        <pre class="mono" tabIndex={0} aria-label="Claims">{JSON.stringify(decoded.claims, null, 2)}</pre>
      )}
      <Copy text={bare(token)} label="Copy token" />
    </div>
  )
}
