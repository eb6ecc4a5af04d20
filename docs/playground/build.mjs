// Builds the page into dist: index.html, one script, one style sheet, and the engine.
//
// The engine is a script with the compressed module as base64: pages of file:// may not fetch files.

import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

import { build } from 'esbuild'

const root = new URL('.', import.meta.url).pathname
const dist = `${root}dist`

await rm(dist, { recursive: true, force: true })
await mkdir(dist, { recursive: true })
await build({
  absWorkingDir: root,
  entryPoints: { playground: 'src/main.tsx' },
  outdir: dist,
  bundle: true,
  minify: true,
  format: 'iife',
  target: ['chrome123', 'firefox121', 'safari17.5'],
  loader: { '.yaml': 'text' },
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'linked',
  logLevel: 'warning',
})
const module = await readFile(`${root}build/engine_bg.wasm`)
const packed = gzipSync(module, { level: 9 })
const script = `globalThis.novasphereEngine=${JSON.stringify(packed.toString('base64'))}\n`
await writeFile(`${dist}/engine.js`, script)
for (const name of ['index.html', 'icon.svg']) {
  await copyFile(`${root}static/${name}`, `${dist}/${name}`)
}
console.log(`${module.length} bytes, ${packed.length} compressed: the engine`)
