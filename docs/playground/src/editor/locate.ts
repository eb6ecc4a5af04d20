// The place of an offset in YAML or JSON text, also while the text is incomplete.

export interface Place {
  /** The keys and indices from the top. */
  path: (string | number)[]
  /** What may stand at the offset. `either` in a list: an item, or a key of an item. */
  kind: 'key' | 'value' | 'either'
  /** The start of the word at the offset. */
  from: number
  /** Whether the place is in `{}` or `[]`. */
  isFlow: boolean
}

interface Block {
  indent: number
  key: string | number
}

interface Flow {
  open: string
  key: string | null
  index: number
}

const KEY = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s#&*!|>{}[\],"'-][^#:]*?|-[^\s][^#:]*?))\s*:(?=\s|$)/

class Scanner {
  blocks: Block[] = []
  flows: Flow[] = []
  /** The start of the current word or value. */
  word = 0
  isValue = false
  /** The indentation of the key whose text block goes on, or -1. */
  scalar = -1
  flowBase: (string | number)[] = []

  constructor(readonly text: string) {}

  path(): (string | number)[] {
    return this.blocks.map((block) => block.key)
  }

  /** Scans a line outside brackets, up to `end`. Returns the offset after it. */
  line(start: number, end: number, isLast: boolean): number {
    const lineEnd = this.text.indexOf('\n', start)
    const stop = Math.min(end, lineEnd < 0 ? end : lineEnd)
    const line = this.text.slice(start, stop)
    let column = line.length - line.trimStart().length
    this.isValue = false
    this.word = start + column
    const rest = line.slice(column)
    if (this.scalar >= 0 && (rest === '' || column > this.scalar)) return stop + 1
    this.scalar = -1
    if (rest.startsWith('#') || /^(---|\.\.\.)\s*$/.test(line)) return stop + 1
    if (rest === '' && !isLast) return stop + 1
    column = this.dashes(start, column, stop, line)
    const content = line.slice(column)
    const match = KEY.exec(content)
    this.popTo(column)
    if (!match) return this.value(start + column, end, stop, isLast)
    this.blocks.push({ indent: column, key: match[1] ?? match[2] ?? match[3] ?? '' })
    this.isValue = true
    const after = start + column + match[0].length
    const gap = this.text.slice(after, stop).length - this.text.slice(after, stop).trimStart().length
    this.word = after + gap
    if (/^[|>]/.test(this.text.slice(this.word, stop))) this.scalar = column
    return this.value(this.word, end, stop, isLast)
  }

  /** The dashes of list items at the start of a line. */
  private dashes(start: number, column: number, stop: number, line: string): number {
    while (/^-(\s|$)/.test(line.slice(column))) {
      while (this.top() && this.top()!.indent > column) this.blocks.pop()
      const top = this.top()
      if (top && top.indent === column && typeof top.key === 'number') top.key += 1
      else this.blocks.push({ indent: column, key: 0 })
      const after = line.slice(column + 1)
      column += 1 + (after.length - after.trimStart().length)
      this.word = Math.min(start + column, stop)
    }
    return column
  }

  private top(): Block | undefined {
    return this.blocks[this.blocks.length - 1]
  }

  /** Leaves the blocks that end before a line with this indentation. */
  private popTo(column: number): void {
    while (this.top() && this.top()!.indent >= column) this.blocks.pop()
  }

  /** A value on the rest of a line. Brackets may go on over lines. */
  private value(from: number, end: number, stop: number, isLast: boolean): number {
    if (from >= end || !'{['.includes(this.text[from] ?? '')) return isLast ? end : stop + 1
    this.flowBase = this.path()
    const after = this.flow(from, end)
    const rest = this.text.indexOf('\n', after)
    return after >= end ? end : rest < 0 || rest >= end ? end : rest + 1
  }

  /** Scans brackets up to `end` or to the end of the outermost one. */
  private flow(from: number, end: number): number {
    for (let at = from; at < end; at += 1) {
      const c = this.text[at] ?? ''
      if (c === '"' || c === "'") {
        at = this.quoted(at, c, end)
      } else if (c === '#' && /\s/.test(this.text[at - 1] ?? '')) {
        const line = this.text.indexOf('\n', at)
        at = line < 0 ? end : line
      } else if (c === '{' || c === '[') {
        this.flows.push({ open: c, key: null, index: 0 })
        this.startWord(at + 1, end)
      } else if (c === '}' || c === ']') {
        this.flows.pop()
        if (this.flows.length === 0) return at + 1
      } else {
        this.separator(c, at, end)
      }
    }
    return end
  }

  private separator(c: string, at: number, end: number): void {
    const flow = this.flows[this.flows.length - 1]
    if (!flow) return
    if (c === ',') {
      flow.index += 1
      flow.key = null
      this.startWord(at + 1, end)
    } else if (c === ':' && flow.open === '{' && flow.key === null) {
      flow.key = this.text.slice(this.word, at).trim().replace(/^["']|["']$/g, '')
      this.startWord(at + 1, end)
    }
  }

  private startWord(at: number, end: number): void {
    let from = at
    while (from < end && /\s/.test(this.text[from] ?? '')) from += 1
    this.word = from
  }

  private quoted(at: number, quote: string, end: number): number {
    for (let next = at + 1; next < end; next += 1) {
      if (this.text[next] === '\\' && quote === '"') next += 1
      else if (this.text[next] === quote) return next
    }
    return end
  }
}

/** The place of an offset. */
export function locate(text: string, offset: number): Place {
  const scanner = new Scanner(text)
  for (let at = 0; at <= offset;) {
    const lineEnd = text.indexOf('\n', at)
    const isLast = lineEnd < 0 || lineEnd >= offset
    at = scanner.line(at, offset, isLast)
    if (isLast || scanner.flows.length > 0) break
  }
  const flow = scanner.flows[scanner.flows.length - 1]
  if (flow) {
    const inner = scanner.flows.map((one) => (one.open === '[' ? one.index : one.key))
    const isKey = flow.open === '{' && flow.key === null
    const path = [...scanner.flowBase, ...inner.filter((one) => one !== null)]
    const kind = isKey ? 'key' : flow.open === '[' ? 'either' : 'value'
    return { path, kind, from: Math.min(scanner.word, offset), isFlow: true }
  }
  const path = scanner.path()
  const last = path[path.length - 1]
  const kind = scanner.isValue ? 'value' : typeof last === 'number' ? 'either' : 'key'
  return { path, kind, from: Math.min(scanner.word, offset), isFlow: false }
}
