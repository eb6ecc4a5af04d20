// Starts the page.

import './styles/theme.css'
import './styles/elements.css'
import './styles/ui.css'
import './styles/fields.css'
import './styles/page.css'
import './styles/header.css'
import './styles/config.css'
import './styles/request.css'
import './styles/result.css'
import './styles/chain.css'
import './styles/details.css'
import './styles/messages.css'
import './styles/counters.css'
import './styles/deploy.css'
import './styles/convert.css'

import { render } from 'preact'

import { App } from './app'
import { load } from './engine'
import * as engine from './engine'
import { EXAMPLES, stateOf } from './examples'
import { parse } from './share'
import { applyTheme, storedTheme } from './theme'

declare global {
  /** The engine, for the tests and for the console of a browser. */
  var novasphere: typeof engine
}

async function start(root: HTMLElement): Promise<void> {
  applyTheme(storedTheme())
  try {
    await load()
  } catch (error) {
    root.textContent = `The filters cannot start: ${error instanceof Error ? error.message : String(error)}`
    return
  }
  globalThis.novasphere = engine
  const first = stateOf(EXAMPLES[0]!)
  const initial = (await parse(location.hash, first)) ?? first
  root.textContent = ''
  render(<App initial={initial} />, root)
}

const root = document.getElementById('app')
if (root) void start(root)
