// The fields of configurations, from the JSON Schema of the gateway, which contains all filters.

import gateway from '../../../../host-config/schema/gateway.json'
import type { FilterName, Json } from '../types'

export interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  default?: Json
  examples?: Json[]
  enum?: Json[]
  const?: Json
  minimum?: number
  maximum?: number
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  required?: string[]
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
}

const definitions = gateway.$defs as unknown as Record<string, Schema>
const root = gateway as unknown as Schema

/** The schema of a filter's configuration. */
export function schemaOf(filter: FilterName): Schema {
  if (filter === 'gateway') return root
  return root.properties?.[filter.replace('-', '_')] ?? {}
}

/** The schema with its alternatives and references, as a list. */
export function alternatives(schema: Schema, depth = 0): Schema[] {
  if (depth > 8) return []
  const { $ref, anyOf = [], oneOf = [], allOf = [], ...own } = schema
  const name = $ref?.replace('#/$defs/', '')
  const target = name === undefined ? undefined : definitions[name]
  const inner = [...(target ? [target] : []), ...anyOf, ...oneOf, ...allOf]
  return [own, ...inner.flatMap((one) => alternatives(one, depth + 1))]
}

/** The schemas of a path. */
export function at(schema: Schema, path: (string | number)[]): Schema[] {
  let found = alternatives(schema)
  for (const step of path) {
    const next = found.flatMap((one) => child(one, step))
    found = next.flatMap((one) => alternatives(one))
  }
  return found
}

function child(schema: Schema, step: string | number): Schema[] {
  if (typeof step === 'number') return schema.items ? [schema.items] : []
  const property = schema.properties?.[step]
  if (property) return [property]
  const others = schema.additionalProperties
  return typeof others === 'object' ? [others] : []
}

/** The fields of an object with any of these schemas. */
export function fields(schemas: Schema[]): Map<string, Schema> {
  const all = schemas.flatMap((schema) => Object.entries(schema.properties ?? {}))
  return new Map(all)
}

/** The values that the schemas name. */
export function values(schemas: Schema[]): Json[] {
  const named = schemas.flatMap((schema) => [
    ...(schema.enum ?? []),
    ...(schema.const === undefined ? [] : [schema.const]),
    ...(typesOf(schema).includes('boolean') ? [true, false] : []),
  ])
  return [...new Set(named)]
}

export const typesOf = (schema: Schema): string[] =>
  [schema.type ?? []].flat().filter((type) => type !== 'null')

/** The type in words: `list of text, or number`. */
export function typeText(schema: Schema): string {
  const all = alternatives(schema)
  const named = all.flatMap((one) => (one.enum || one.const !== undefined ? ['one of the values'] : typesOf(one)))
  const words = [...new Set(named)].map((type) => WORDS[type] ?? type)
  return words.join(' or ')
}

const WORDS: Record<string, string> = {
  array: 'list', string: 'text', integer: 'whole number', boolean: 'true or false',
}

/** A value as YAML. */
export const written = (value: Json): string =>
  typeof value === 'string' && /^[\w./-]+$/.test(value) ? value : JSON.stringify(value)
