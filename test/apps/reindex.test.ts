import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { editSegments, editStoredEvents, withBody } from '../fakes/edit-events.ts'
import { createFakeChain } from '../fakes/fake-chain.ts'
import { refusingContracts, startFakeNode } from '../fakes/fake-node.ts'
import { configuredFakeSources, serveFakeChain, writeFakeConfig } from './fake-chain-config.ts'
import { reportOf, runCli } from './run-cli.ts'

const LAST_FINAL = 149
const { configOf, folder } = serveFakeChain('reindex', 93, LAST_FINAL + 1 + 3)

const run = (command: string, config: string) => runCli(...command.split(' '), '--config', config)

async function report(command: string, config: string): Promise<Record<string, unknown>> {
  const result = await run(`${command} --json`, config)
  expect(result.code, result.stderr).toBe(0)
  return reportOf(result)
}

function edit(name: string, sql: string): void {
  const db = new DatabaseSync(join(folder, `${name}.db`))
  expect(db.prepare(sql).run().changes).toBeGreaterThan(0)
  db.close()
}

test('rows that were removed, edited or damaged are told, and mended in one move', async () => {
  const config = configOf('edited')
  const { digest } = await report('backfill', config)
  expect((await run('reindex --from 20 --to 90', config)).stdout).toBe(
    '71 blocks are stored as the chain has them\n',
  )
  edit('edited', 'DELETE FROM event_transfer WHERE number BETWEEN 30 AND 34')
  editSegments(join(folder, 'edited.db'), 'liquidity', { from: 60, to: 60 }, (text) =>
    text.replaceAll(/^0x.*$/gm, `0x${'0'.repeat(64)}`),
  )
  const cut = editStoredEvents(
    join(folder, 'edited.db'),
    'swap',
    { from: 80, to: 82 },
    ({ line }) => withBody(line, () => '{'),
  )
  expect(cut.length).toBeGreaterThan(0)
  const verified = await run('verify', config)
  expect(verified.code).toBe(70)
  expect(verified.stdout).toMatch(/mend events with `halyard reindex --from F --to T --apply`/)

  const told = await run('reindex --from 20 --to 90', config)
  expect(told.code, told.stderr).toBe(0)
  expect(told.stdout).toMatch(/^\+ block 3\d log \d+: transfer\/\w+ 0x/m)
  expect(told.stdout).toMatch(/^! block 60 log \d+: .* of 0x0{64} -> .* of 0x/m)
  expect(told.stdout).toMatch(
    /of 71 blocks: \d+ logs are missing, 0 are too many, \d+ differ; \d blocks are damaged\nnothing was changed; --apply mends it\n$/,
  )
  expect((await run('verify', config)).code).toBe(70)

  const applied = await run('reindex --from 20 --to 90 --apply', config)
  expect(applied.code, applied.stderr).toBe(0)
  expect(applied.stdout).toMatch(/made anew in .*\nevents {6}of \d+ blocks\ndocuments {3}of /)
  expect((await run('verify', config)).stdout).toMatch(/^all that is stored up to block/)
  expect((await report('backfill', config)).digest).toBe(digest)
}, 120_000)

test('blocks that cannot be read again say why, and what helps', async () => {
  const config = configOf('refused')
  await report('backfill', config)
  const open = await run('reindex --from 100 --to 152', config)
  expect(open.stderr).toMatch(/--to: .*block 152 is not final and settled .* up to block 149/)
  expect(open.code).toBe(2)
  const inverted = await run('reindex --from 100 --to 90', config)
  expect(inverted.stderr).toMatch(/--from: .*above --to, 90/)
  const missing = await run('reindex --to 100', config)
  expect(missing.stderr).toMatch(/required option '--from <block>'/)
  expect(missing.code).toBe(2)
  edit('refused', 'DELETE FROM event_pool WHERE number = 1')
  const part = await run('reindex --from 0 --to 50 --apply', config)
  expect(part.code, part.stderr).toBe(0)
  expect(part.stdout).toMatch(/contracts were created here .* all blocks from 1 on are made anew/)
  expect(part.stdout).toMatch(/events {6}of 149 blocks/)
  expect((await run('verify', config)).code).toBe(0)
}, 120_000)

test('a history gets sources that were added without the others being fetched again', async () => {
  const all = await report('backfill', configOf('all', { raw: 'off' }))
  const raw = 'sqlite:grown-raw.db'
  const sources = configuredFakeSources.slice(0, -1)
  const before = await report('backfill', configOf('grown', { raw, sources }))
  expect(before.digest).not.toBe(all.digest)
  const config = configOf('grown', { raw })
  const refused = await run('backfill', config)
  expect(refused.stderr).toMatch(/sources: .*run `halyard collect` and then `halyard derive`/)
  const early = await run('derive', config)
  expect(early.stderr).toMatch(/raw: not all logs of blocks .* run `halyard collect/)
  await report('collect', config)

  const derived = await run('derive', config)
  expect(derived.code, derived.stderr).toBe(0)
  expect(derived.stdout).toMatch(
    /events {6}of 150 blocks\ndocuments {3}of activity, positions, holdings, from \d+ events/,
  )
  expect((await report('backfill', config)).digest).toBe(all.digest)
  expect((await run('verify', config)).code).toBe(0)
  expect((await report('derive --clear', config)).trees).toBe(0)
}, 120_000)

test('one projection is derived anew without a node or kept logs', async () => {
  const config = configOf('one', { raw: 'off' })
  const { digest } = await report('backfill', config)
  edit('one', `UPDATE document_holding SET body = replace(body, '"1"', '"2"')`)
  expect((await run('verify', config)).stdout).toMatch(
    /damaged: holdings: the documents do not hash .*\nmend documents with `halyard derive --projection holdings`/,
  )
  const offline = configOf('one', {
    raw: 'off',
    chain: { id: 31_337, rpc: ['http://127.0.0.1:9'] },
  })
  const derived = await report('derive --projection holdings', offline)
  expect(derived).toMatchObject({ isChanged: true, projections: ['holdings'], rewritten: 0 })
  expect((await run('verify', offline)).code).toBe(0)
  expect((await report('backfill', configOf('one', { raw: 'off' }))).digest).toBe(digest)
  const wrong = await run('derive --projection holding', offline)
  expect(wrong.stderr).toMatch(/--projection: there is none of the name "holding"/)
  expect(wrong.code).toBe(2)
  const quiet = configOf('one', {
    raw: 'off',
    chain: { id: 31_337, rpc: ['http://127.0.0.1:9'], activity: false },
  })
  expect((await run('derive', quiet)).stdout).toMatch(/^left out {4}activity$/m)
  const asked = await run(`activity 0x${'0'.repeat(39)}1`, quiet)
  expect(asked.stderr).toMatch(/not indexed; .*`halyard derive`/)
  expect(asked.stdout).toBe('')
}, 120_000)

test('a chain that has left final blocks is followed onto its new branch, without a fresh store', async () => {
  const own = createFakeChain(95, { maxLogs: 6 })
  await own.mine(60)
  const other = await startFakeNode({ blocks: () => own.blocks, hooks: refusingContracts })
  try {
    const config = writeFakeConfig(folder, other.url, 'left')
    await report('backfill', config)
    await own.fork(20, 30)
    const stopped = await run('backfill', config)
    expect(stopped.stderr).toMatch(
      /raw: block \d+ is kept as 0x.* not on the chain that chain.rpc serves/,
    )

    const unsure = await run('reindex --from 30', config)
    expect(unsure.stderr).toMatch(/block 40 of the chain is 0x.* is stored, .* add --new-branch/)
    const tooHigh = await run('reindex --from 45 --new-branch', config)
    expect(tooHigh.stderr).toMatch(/--from: block 45 .* left that branch further down/)
    const told = await run('reindex --from 30 --new-branch', config)
    expect(told.stdout).toMatch(
      /of 27 blocks: .*; 17 blocks have others in their place\nnothing was/,
    )
    const applied = await run('reindex --from 30 --new-branch --apply', config)
    expect(applied.code, applied.stderr).toBe(0)
    expect(applied.stdout).toMatch(/events {6}of 17 blocks/)

    expect((await run('verify', config)).code).toBe(0)
    const { digest } = await report('backfill', config)
    expect((await run('verify', config)).code).toBe(0)
    const clean = await report('backfill', writeFakeConfig(folder, other.url, 'clean'))
    expect(digest).toBe(clean.digest)
  } finally {
    await other.close()
  }
}, 120_000)
