// Starts the page.

import './styles/base.css'
import './styles/page.css'
import './styles/try.css'
import './styles/result.css'
import './styles/views.css'

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
