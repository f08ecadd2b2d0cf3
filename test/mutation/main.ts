import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mutant, mutants, type Suite } from './mutants.ts'

/**
 * Puts each fault of the list into a copy of the project and runs the suites that are to see it. Exits with 1 where one
 * of them survives, or where the text that it replaces does not stand in its file once.
 */
const { values } = parseArgs({
  options: {
    /** Only mutants whose file or name contains this. */
    only: { type: 'string', default: '' },
    /** Seeds of a simulation. */
    seeds: { type: 'string', default: '300' },
    /** Only this many, of those that are left. */
    count: { type: 'string', default: '1000' },
    skip: { type: 'string', default: '0' },
  },
})

const root = join(import.meta.dirname, '..', '..')
const copy = join(root, '.halyard', `mutants-${process.pid}`)
/** Far longer than any suite takes beside other work: a mutant may also make one go on for ever. */
const TIMEOUT_MS = 1_200_000

const commands: Readonly<Record<Suite, readonly string[]>> = {
  memory: simulation('memory', values.seeds),
  sqlite: simulation('sqlite', String(Math.ceil(Number(values.seeds) / 4))),
  contract: vitest('test/adapters/memory.test.ts'),
  'sqlite-contract': vitest('test/adapters/sqlite.test.ts'),
  golden: vitest('test/core/history/golden-digest.test.ts'),
  follow: vitest('test/core/indexing/follow-head.test.ts'),
  view: vitest('test/core/history/view.test.ts'),
  regressions: vitest('test/simulation/regressions.test.ts'),
  'late-writer': vitest('test/core/indexing/late-writer.test.ts'),
  'one-answer': vitest('test/core/history/one-answer.test.ts'),
  'put-back': vitest('test/core/indexing/put-back.test.ts'),
  'sqlite-durability': vitest('test/adapters/sqlite-durability.test.ts'),
  'sqlite-event-pages': vitest('test/adapters/sqlite-event-pages.test.ts'),
  cost: vitest('test/core/indexing/commit-cost.test.ts'),
  feed: vitest('test/core/history/feed.test.ts'),
  rebuild: vitest('test/core/indexing/rebuild/rebuild-history.test.ts'),
  rebuilds: [...simulation('memory', values.seeds), '--rebuilds'],
}

function simulation(store: string, seeds: string): readonly string[] {
  return [
    'test/simulation/main.ts',
    '--store',
    store,
    '--seeds',
    seeds,
    '--failures',
    '1',
    '--jobs',
    '1',
  ]
}

function vitest(file: string): readonly string[] {
  return ['node_modules/vitest/vitest.mjs', 'run', '--bail', '1', file]
}

function makeCopy(): void {
  rmSync(copy, { recursive: true, force: true })
  mkdirSync(copy, { recursive: true })
  for (const name of [
    'core',
    'adapters',
    'faces',
    'test',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
}

/** The suite that failed, and whether it did by coming to no end; undefined where all of them pass. */
function killerOf(suites: readonly Suite[]): string | undefined {
  for (const suite of suites) {
    const options = { cwd: copy, timeout: TIMEOUT_MS, stdio: 'ignore' } as const
    const { status } = spawnSync(process.execPath, commands[suite], options)
    if (status === null) return `${suite}, which came to no end`
    if (status !== 0) return suite
  }
  return undefined
}

function run({ name, file, find, replace, suites }: Mutant): boolean {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  const parts = text.split(find)
  if (parts.length !== 2) {
    console.log(`STALE     ${file}: ${name}: its text stands there ${parts.length - 1} times`)
    return false
  }
  writeFileSync(path, parts.join(replace))
  const killer = killerOf(suites)
  writeFileSync(path, text)
  console.log(
    `${killer ? 'killed   ' : 'SURVIVED '} ${file}: ${name}${killer ? ` (${killer})` : ''}`,
  )
  return killer !== undefined
}

makeCopy()
const chosen = mutants
  .filter(({ file, name }) => `${file} ${name}`.includes(values.only))
  .slice(Number(values.skip), Number(values.skip) + Number(values.count))
const unharmed = killerOf([...new Set(chosen.flatMap(({ suites }) => suites))])
if (unharmed) throw new Error(`${unharmed} fails without any mutant; mend that first`)
const survivors = chosen.filter((mutant) => !run(mutant))
rmSync(copy, { recursive: true })
console.log(`${chosen.length - survivors.length} of ${chosen.length} killed`)
process.exitCode = survivors.length > 0 ? 1 : 0
