// Small parts of the page.

import type { ComponentChildren } from 'preact'
import { useId, useRef } from 'preact/hooks'

export function Card(props: {
  title: string
  actions?: ComponentChildren
  class?: string
  children: ComponentChildren
}) {
  const id = useId()
  return (
    <section class={`card ${props.class ?? ''}`} aria-labelledby={id}>
      <header class="card-head">
        <h2 id={id}>{props.title}</h2>
        <div class="card-actions">{props.actions}</div>
      </header>
      {props.children}
    </section>
  )
}

export interface Tab {
  id: string
  label: string
  badge?: string | number
}

/** Tabs with the keys of the ARIA pattern: arrows, Home, End. */
export function Tabs(props: {
  label: string
  tabs: Tab[]
  selected: string
  onSelect: (id: string) => void
  class?: string
}) {
  const list = useRef<HTMLDivElement>(null)
  const index = props.tabs.findIndex((tab) => tab.id === props.selected)
  const move = (event: KeyboardEvent): void => {
    const last = props.tabs.length - 1
    const next = {
      ArrowRight: index === last ? 0 : index + 1,
      ArrowLeft: index === 0 ? last : index - 1,
      Home: 0,
      End: last,
    }[event.key]
    const tab = next === undefined ? undefined : props.tabs[next]
    if (!tab) return
    event.preventDefault()
    props.onSelect(tab.id)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next ?? 0]?.focus()
  }
  return (
    <div class={`tabs ${props.class ?? ''}`} role="tablist" aria-label={props.label} ref={list} onKeyDown={move}>
      {props.tabs.map((tab) => (
        <button
          key={tab.id}
          type="button"
          role="tab"
          id={`tab-${tab.id}`}
          aria-controls={`panel-${tab.id}`}
          aria-selected={tab.id === props.selected}
          tabIndex={tab.id === props.selected ? 0 : -1}
          onClick={() => props.onSelect(tab.id)}
        >
          {tab.label}
          {tab.badge !== undefined && tab.badge !== 0 && <span class="badge">{tab.badge}</span>}
        </button>
      ))}
    </div>
  )
}

/** The panel of the selected tab. */
export function Panel(props: { id: string; class?: string; children: ComponentChildren }) {
  return (
    <div class={props.class} role="tabpanel" id={`panel-${props.id}`} aria-labelledby={`tab-${props.id}`} tabIndex={0}>
      {props.children}
    </div>
  )
}

export interface Option {
  value: string
  label: string
}

/** A choice of few. */
export function Segments(props: {
  label: string
  options: Option[]
  value: string
  onChange: (value: string) => void
}) {
  const name = useId()
  return (
    <fieldset class="segments">
      <legend class="hidden">{props.label}</legend>
      {props.options.map((option) => (
        <label key={option.value} class={option.value === props.value ? 'on' : ''}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === props.value}
            onChange={() => props.onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  )
}

export function Select(props: {
  label: string
  options: Option[]
  value: string
  onChange: (value: string) => void
  isLabelled?: boolean
}) {
  const id = useId()
  return (
    <span class="field">
      <label class={props.isLabelled ? '' : 'hidden'} for={id}>{props.label}</label>
      <select id={id} value={props.value} onChange={(event) => props.onChange(event.currentTarget.value)}>
        {props.options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
    </span>
  )
}

export function Check(props: { label: string; checked: boolean; onChange: (checked: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={props.checked} onChange={(event) => props.onChange(event.currentTarget.checked)} />
      {props.label}
    </label>
  )
}

/** Copies a text, and says so for a moment. */
export function Copy(props: { text: string; label?: string }) {
  const button = useRef<HTMLButtonElement>(null)
  const copy = async (): Promise<void> => {
    const { current } = button
    const said = (await write(props.text)) ? 'Copied' : 'Press Ctrl+C'
    if (!current) return
    const before = current.textContent
    current.textContent = said
    setTimeout(() => { current.textContent = before }, 1200)
  }
  return <button type="button" class="quiet" ref={button} onClick={copy}>{props.label ?? 'Copy'}</button>
}

export async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

/** The text with `code` in backquotes. */
export function Prose(props: { text: string }) {
  const parts = props.text.split('`')
  return <>{parts.map((part, n) => (n % 2 === 1 ? <code key={n}>{part}</code> : part))}</>
}
