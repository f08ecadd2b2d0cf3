import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { mutants } from './mutation/mutants.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const foldersIn = (path: string): string[] =>
  readdirSync(join(ROOT, path), { withFileTypes: true }).flatMap((each) =>
    each.isDirectory() ? [each.name] : [],
  )

describe('the docs name what there is', () => {
  test('the README and the architecture each folder of core', () => {
    const tree = read('README.md').split('## What goes where')[1] ?? ''
    const architecture = read('docs/architecture.md')
    for (const folder of foldersIn('core')) {
      expect(tree).toMatch(new RegExp(`^ {2}${folder}/ `, 'm'))
      expect(architecture).toContain(`${folder}["${folder}<br/>`)
    }
  })

  test('the architecture each adapter', () => {
    const [, adapters = ''] = read('docs/architecture.md').split('subgraph adapters')
    const named = new Set(
      [...(adapters.split('end\n')[0] ?? '').matchAll(/"([\w, -]+)"/g)].flatMap(
        ([, names]) => names?.split(', ') ?? [],
      ),
    )
    for (const folder of foldersIn('adapters')) expect([...named]).toContain(folder)
  })

  test('and every link to a file leads to one', () => {
    const files = [
      'README.md',
      ...readdirSync(join(ROOT, 'docs'), { recursive: true })
        .map((name) => join('docs', String(name)))
        .filter((name) => name.endsWith('.md')),
    ]
    for (const file of files)
      for (const [, target = ''] of read(file).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g))
        expect(existsSync(join(ROOT, dirname(file), target)), `${file}: ${target}`).toBe(true)
  })

  test('the table of faults has tests that there are, for every row', () => {
    const rows = read('docs/faults.md')
      .split('\n')
      .filter((line) => /^\| \d+ \|/.test(line))
    expect(rows.map((row) => Number(row.split('|')[1]))).toEqual(
      Array.from({ length: 37 }, (_, index) => index + 1),
    )
    const ofLedger = read('docs/faults.md')
      .split('\n')
      .filter((line) => /^\| F\d+ \|/.test(line))
    expect(ofLedger.length).toBeGreaterThan(15)
    for (const row of [...rows, ...ofLedger]) expectTests(row)
  })

  test('the table of faults of spends has tests that there are, for every row', () => {
    const rows = read('docs/faults-of-spends.md')
      .split('\n')
      .filter((line) => /^\| F\d+ \|/.test(line))
    expect(rows).toHaveLength(30)
    for (const row of rows) expectTests(row)
  })

  function expectTests(row: string): void {
    const cell = row.split(' | ').at(-1) ?? ''
    const files = [...cell.matchAll(/`(test\/[^`]+)`: ("[^"]+"(?:, "[^"]+")*)/g)]
    if (files.length === 0) expect(cell, row).toMatch(/^none( \||: )/)
    for (const [, file = '', names = ''] of files)
      for (const [, name = ''] of names.matchAll(/"([^"]+)"/g))
        expect(read(file).replaceAll('`', "'"), `${file}: ${name}`).toContain(name)
  }
})

test('each fault that `npm run mutants` puts in has its place, once', () => {
  for (const { file, name, find } of mutants)
    expect(read(file).split(find), `${file}: ${name}`).toHaveLength(2)
})
