// Completion and hover from the schema.

import {
  snippetCompletion, type Completion, type CompletionContext, type CompletionResult,
} from '@codemirror/autocomplete'
import { hoverTooltip, type EditorView, type Tooltip } from '@codemirror/view'

import type { FilterName } from '../types'
import { locate, type Place } from './locate'
import {
  alternatives, at, fields, schemaOf, typesOf, typeText, values, written, type Schema,
} from './schema'

/** Offers fields and values. */
export const completions = (filter: () => FilterName) =>
  (context: CompletionContext): CompletionResult | null => {
    const text = context.state.doc.toString()
    const place = locate(text, context.pos)
    const before = text.slice(place.from, context.pos)
    if (!context.explicit && before === '') return null
    const isQuoted = before.startsWith('"')
    const schemas = at(schemaOf(filter()), place.path)
    const options = [
      ...(place.kind === 'value' ? [] : keys(schemas, place, text, isQuoted)),
      ...(place.kind === 'key' ? [] : valueOptions(schemas, isQuoted)),
    ]
    if (options.length === 0) return null
    return { from: place.from, options, validFor: /^["\w-]*$/ }
  }

function keys(schemas: Schema[], place: Place, text: string, isQuoted: boolean): Completion[] {
  const isJson = isQuoted || text.trimStart().startsWith('{')
  return [...fields(schemas)].map(([name, schema]) => {
    const label = isJson ? JSON.stringify(name) : name
    const options: Completion = {
      label,
      type: 'property',
      detail: typeText(schema),
      info: () => card(name, schema),
    }
    return snippetCompletion(`${label}:${start(schema, place.isFlow || isJson)}`, options)
  })
}

/** The start of a value: brackets, or the indentation of an object. */
function start(schema: Schema, isFlow: boolean): string {
  const types = alternatives(schema).flatMap(typesOf)
  const isOnly = (type: string): boolean => types.length > 0 && types.every((one) => one === type)
  const items = schema.items ? alternatives(schema.items).flatMap(typesOf) : []
  if (isOnly('array') || schema.items) {
    return items.includes('object') && !isFlow ? '\n- ${}' : ' [${}]'
  }
  if (types.includes('object') && !types.includes('string')) return isFlow ? ' {${}}' : '\n  ${}'
  return ' ${}'
}

function valueOptions(schemas: Schema[], isQuoted: boolean): Completion[] {
  return values(schemas).map((value) => {
    const text = isQuoted ? JSON.stringify(value) : written(value)
    return { label: text, type: 'enum' }
  })
}

/** Describes the field under the pointer. */
export const hover = (filter: () => FilterName) =>
  hoverTooltip((view: EditorView, offset: number): Tooltip | null => {
    const line = view.state.doc.lineAt(offset)
    for (const match of line.text.matchAll(/["']?([\w-]+)["']?\s*:(?=\s|$)/g)) {
      const [from, to] = [line.from + match.index, line.from + match.index + match[0].length]
      if (offset < from || offset >= to) continue
      const place = locate(view.state.doc.toString(), to)
      const name = match[1] ?? ''
      if (place.path[place.path.length - 1] !== name) return null
      const parents = at(schemaOf(filter()), place.path.slice(0, -1))
      const schema = fields(parents).get(name)
      if (!schema) return null
      return { pos: from, end: to, above: true, create: () => ({ dom: card(name, schema) }) }
    }
    return null
  })

function element(name: string, className: string, ...children: (string | Node)[]): HTMLElement {
  const made = document.createElement(name)
  made.className = className
  made.append(...children)
  return made
}

/** The description of a field. */
function card(name: string, schema: Schema): HTMLElement {
  const all = alternatives(schema)
  const description = all.find((one) => one.description)?.description ?? ''
  const head = element('div', 'field-head', element('strong', '', name), ' ')
  head.append(element('span', 'field-type', typeText(schema)))
  const made = element('div', 'field', head, prose(description))
  const range = all.find((one) => one.minimum !== undefined || one.maximum !== undefined)
  if (range) made.append(element('div', 'field-more', `Range: ${range.minimum ?? ''} to ${range.maximum ?? ''}`))
  const example = all.find((one) => one.examples)?.examples?.[0]
  if (example !== undefined) {
    const text = element('code', '', written(example))
    made.append(element('div', 'field-more', 'Example: ', text))
  }
  return made
}

/** Text with `code`. */
function prose(text: string): HTMLElement {
  const parts = text.split('`').map((part, n) => (n % 2 === 1 ? element('code', '', part) : part))
  return element('p', 'field-text', ...parts)
}
