// The head of the page: the views, the examples, the proxy, the link and the theme.

import { useState } from 'preact/hooks'

import { version } from './engine'
import { EXAMPLES, type Example } from './examples'
import { applyTheme, isDark, storedTheme } from './theme'
import type { ProxyName } from './types'
import { Segments, write } from './ui'

export type View = 'try' | 'deploy' | 'convert'

const VIEWS: { id: View; label: string }[] = [
  { id: 'try', label: 'Try' },
  { id: 'deploy', label: 'Deploy' },
  { id: 'convert', label: 'Convert' },
]

const PROXIES = [
  { value: 'envoy', label: 'Envoy' },
  { value: 'kong', label: 'Kong' },
  { value: 'traefik', label: 'Traefik' },
]

interface Props {
  view: View
  proxy: ProxyName
  onView: (view: View) => void
  onProxy: (proxy: ProxyName) => void
  onExample: (example: Example) => void
  link: () => Promise<string>
}

export function Header(props: Props) {
  return (
    <header class="top">
      <a class="skip" href="#main">Skip to the playground</a>
      <div class="brand">
        <img src="icon.svg" alt="" width="26" height="26" />
        <span class="brand-name">Novasphere <span>playground</span></span>
        <span class="version mono">{version()}</span>
      </div>
      <nav aria-label="Views">
        {VIEWS.map(({ id, label }) => (
          <button
            key={id}
            type="button"
            aria-current={props.view === id ? 'page' : undefined}
            onClick={() => props.onView(id)}
          >
            {label}
          </button>
        ))}
      </nav>
      <div class="tools">
        {props.view === 'try' && (
          <Segments
            label="Proxy"
            options={PROXIES}
            value={props.proxy}
            onChange={(proxy) => props.onProxy(proxy as ProxyName)}
          />
        )}
        <Examples onExample={props.onExample} />
        <Share link={props.link} />
        <ThemeButton />
      </div>
    </header>
  )
}

function Examples({ onExample }: { onExample: (example: Example) => void }) {
  return (
    <span class="field">
      <label class="hidden" for="examples">Examples</label>
      <select
        id="examples"
        value=""
        onChange={(event) => {
          const example = EXAMPLES.find((one) => one.id === event.currentTarget.value)
          event.currentTarget.value = ''
          if (example) onExample(example)
        }}
      >
        <option value="" disabled>Examples</option>
        {EXAMPLES.map((example) => <option key={example.id} value={example.id}>{example.title}</option>)}
      </select>
    </span>
  )
}

function Share({ link }: { link: () => Promise<string> }) {
  const [said, setSaid] = useState('')
  const share = async (): Promise<void> => {
    const isCopied = await write(await link())
    setSaid(isCopied ? 'Link copied. It has no tokens or secrets.' : 'The link is in the address bar.')
    setTimeout(() => setSaid(''), 4_000)
  }
  return (
    <span class="share">
      <button type="button" onClick={share}>Share</button>
      <span class="toast" role="status">{said}</span>
    </span>
  )
}

function ThemeButton() {
  const [theme, setTheme] = useState(storedTheme())
  const other = isDark(theme) ? 'light' : 'dark'
  return (
    <button
      type="button"
      class="icon theme"
      aria-label={`Switch to the ${other} theme`}
      title={`Switch to the ${other} theme`}
      onClick={() => { applyTheme(other); setTheme(other) }}
    >
      <svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true">
        {other === 'dark'
          ? <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5Z" />
          : <path d="M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10ZM12 1v3m0 16v3M1 12h3m16 0h3M4.2 4.2l2.1 2.1m11.4 11.4 2.1 2.1m0-15.6-2.1 2.1M6.3 17.7l-2.1 2.1" />}
      </svg>
    </button>
  )
}
