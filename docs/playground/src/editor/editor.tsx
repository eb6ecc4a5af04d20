// An editor in a shadow root, where its styles need no exception from the page's security policy.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json } from '@codemirror/lang-json'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, indentOnInput, indentUnit } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { EditorState, type Extension } from '@codemirror/state'
import {
  drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers,
} from '@codemirror/view'
import { useEffect, useRef } from 'preact/hooks'

import type { FilterName, Finding } from '../types'
import { completions, hover } from './assist'
import { theme } from './theme'

interface Props {
  label: string
  language: 'yaml' | 'json'
  value: string
  onChange?: (text: string) => void
  findings?: Finding[]
  /** Offers the fields of this filter. */
  filter?: FilterName
  /** Receives a function that shows an offset. */
  onReady?: (reveal: (offset: number) => void) => void
  isCompact?: boolean
}

const LEVELS = { error: 'error', warning: 'warning', note: 'info' } as const

export function Editor(props: Props) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const current = useRef(props)
  current.current = props

  useEffect(() => {
    if (!host.current) return
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: 'open' })
    const made = new EditorView({
      state: EditorState.create({ doc: props.value, extensions: extensions(props, current) }),
      parent: root,
      root,
    })
    made.dom.style.height = '100%'
    view.current = made
    props.onReady?.((offset) => {
      const anchor = Math.min(offset, made.state.doc.length)
      made.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: 'center' }) })
      made.focus()
    })
    return () => made.destroy()
  }, [])

  useEffect(() => {
    const editor = view.current
    if (!editor || editor.state.doc.toString() === props.value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value } })
  }, [props.value])

  useEffect(() => {
    const editor = view.current
    if (!editor || !props.findings) return
    const diagnostics = props.findings.map((finding) => diagnostic(finding, editor.state))
    editor.dispatch(setDiagnostics(editor.state, diagnostics))
  }, [props.findings])

  return <div class={`editor ${props.isCompact ? 'compact' : ''}`} ref={host} />
}

function extensions(props: Props, current: { current: Props }): Extension[] {
  const filter = (): FilterName => current.current.filter ?? 'gateway'
  const assist = props.filter
    ? [autocompletion({ override: [completions(filter)], icons: false }), hover(filter), lintGutter()]
    : []
  return [
    props.isCompact ? [] : [lineNumbers(), highlightActiveLineGutter(), highlightActiveLine()],
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of('  '),
    props.isCompact ? [] : bracketMatching(),
    closeBrackets(),
    EditorView.lineWrapping,
    props.language === 'json' ? json() : yaml(),
    theme,
    ...assist,
    // Tab moves the focus, as in other fields.
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap]),
    EditorView.contentAttributes.of({ 'aria-label': props.label, tabindex: '0' }),
    props.onChange ? [] : [EditorState.readOnly.of(true)],
    EditorView.updateListener.of((update) => {
      const text = update.state.doc.toString()
      if (update.docChanged && text !== current.current.value) current.current.onChange?.(text)
    }),
  ]
}

function diagnostic(finding: Finding, state: EditorState): Diagnostic {
  const length = state.doc.length
  const from = Math.min(finding.from, length)
  const end = Math.min(finding.to, length)
  const to = end > from ? end : state.doc.lineAt(from).to
  const { fix } = finding
  const action = fix && {
    name: `Replace with ${fix.text}`,
    apply: (view: EditorView) => view.dispatch({ changes: { from: fix.from, to: fix.to, insert: fix.text } }),
  }
  return {
    from,
    to,
    severity: LEVELS[finding.severity],
    message: [finding.message, ...finding.notes].join('\n'),
    actions: action ? [action] : [],
  }
}
