import assert from 'node:assert/strict'
import { test } from 'node:test'

import { locate, type Place } from './locate'

/** The place of `|` in a text. */
const at = (text: string): Place => locate(text.replace('|', ''), text.indexOf('|'))

const CASES: [text: string, kind: Place['kind'], path: Place['path']][] = [
  ['|', 'key', []],
  ['min|', 'key', []],
  ['minute: |', 'value', ['minute']],
  ['minute: 5\nlim|', 'key', []],
  ['jwt_auth:\n  |', 'key', ['jwt_auth']],
  ['jwt_auth:\n  leeway: 5\n  au|', 'key', ['jwt_auth']],
  ['jwt_auth:\n  leeway: 5\ncors|', 'key', []],
  ['credentials:\n- |', 'either', ['credentials', 0]],
  ['credentials:\n- key: a\n  alg|', 'either', ['credentials', 0]],
  ['credentials:\n- key: a\n- key: b\n  algorithm: |', 'value', ['credentials', 1, 'algorithm']],
  ['a:\n  - b:\n    - c: |', 'value', ['a', 0, 'b', 0, 'c']],
  ['methods: [GET, |', 'either', ['methods', 1]],
  ['methods: [GET, |]\nhour: 5', 'either', ['methods', 1]],
  ['secret: {|}', 'key', ['secret']],
  ['secret: {env: |}', 'value', ['secret', 'env']],
  ['rules:\n- {path: /a, |', 'key', ['rules', 0]],
  ['rules: [{path: /a}, {path: |', 'value', ['rules', 1, 'path']],
  ['a: {b: [1,\n  2], c|', 'key', ['a']],
  ['a: {b: 1}\nc|', 'key', []],
  ['a: "x: {"\nb|', 'key', []],
  ['a: 1 # {\nb|', 'key', []],
  ['# a:\nb|', 'key', []],
  ['{"a": {"b": [1, {"c": |', 'value', ['a', 'b', 1, 'c']],
  ['{"a": 1, "b|', 'key', []],
  ['"a b":\n  \'c\': |', 'value', ['a b', 'c']],
]

for (const [text, kind, path] of CASES) {
  test(`place in ${JSON.stringify(text)}`, () => {
    const place = at(text)
    assert.deepEqual({ kind: place.kind, path: place.path }, { kind, path })
  })
}

test('keys in a text block are text', () => {
  const text = 'pem: |\n  a: b\nc: '
  assert.deepEqual(locate(text, text.length).path, ['c'])
})

test('the word starts after the gap', () => {
  assert.equal(at('limit_by: con|').from, 10)
  assert.equal(at('a: [x, yy|').from, 7)
  assert.equal(at('  ab|').from, 2)
})
