import { expect, test } from 'vitest'
import { serveFakeChain } from './fake-chain-config.ts'
import { runCli } from './run-cli.ts'

const LAST_FINAL = 199
const { configOf, node } = serveFakeChain('raw', 91, LAST_FINAL + 1 + 3)

const run = async (command: string, config: string, ...more: string[]) => {
  const result = await runCli(...command.split(' '), '--config', config, ...more)
  return { ...result, lines: result.stdout.trim().split('\n').filter(Boolean) }
}
const report = async (command: string, config: string, ...more: string[]) => {
  const { code, lines, stderr } = await run(command, config, '--json', ...more)
  expect(code, stderr).toBe(0)
  return JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>
}

test('logs that several processes collect make the same history without a node', async () => {
  const whole = await report('backfill', configOf('whole', { raw: 'off' }), '--to', `${LAST_FINAL}`)
  const raw = 'sqlite:collected.db'
  const first = configOf('first', { raw })
  const collected = await Promise.all(
    ['120-199', '0-39', '40-119'].map((ranges) => report('collect', first, '--ranges', ranges)),
  )
  expect(collected.map(({ blocks }) => blocks)).toEqual([80, 40, 80])
  const { lines } = await run('raw list', first, '--json')
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { from: 0, to: LAST_FINAL },
  ])

  const offline = configOf('offline', { raw, chain: { id: 31_337, rpc: ['http://127.0.0.1:9'] } })
  const { seconds: _, ...derived } = await report('derive', offline)
  // What is asked of a chain beside the run, derive does not ask.
  const { seconds: __, sourceWarnings: ___, ...expected } = whole
  expect(derived).toEqual(expected)
  expect((await report('derive', offline)).blocks).toBe(0)
}, 120_000)

test('a backfill asks for what is not kept, and keeps it', async () => {
  const config = configOf('kept')
  const first = await report('backfill', config, '--to', `${LAST_FINAL}`)
  const before = node().calls.eth_getBlockReceipts
  const again = configOf('again', { raw: 'sqlite:kept-raw.db' })
  expect((await report('backfill', again, '--to', `${LAST_FINAL}`)).digest).toBe(first.digest)
  expect(node().calls.eth_getBlockReceipts).toBe(before)

  const removed = await run('raw remove', again, '--ranges', '50')
  expect(removed.stdout).toMatch(/^removed what was kept of blocks \d+-\d+\n$/)
  const gap = await run('derive', configOf('gap', { raw: 'sqlite:kept-raw.db' }))
  expect(gap.code).toBe(0)
  expect(gap.stdout).toMatch(/^indexed \d\d? blocks /)
  const third = configOf('third', { raw: 'sqlite:kept-raw.db' })
  expect((await report('backfill', third, '--to', `${LAST_FINAL}`)).digest).toBe(first.digest)
  expect(node().calls.eth_getBlockReceipts).toBeGreaterThan(before ?? 0)
}, 120_000)

test('status tells how blocks were proven, and a run that demands more collects them again', async () => {
  const asked = { id: 31_337, rpc: [node().url], proof: 'bloom' }
  const byBloom = configOf('bloom', { raw: 'sqlite:bloom-raw.db', chain: asked })
  await report('backfill', byBloom, '--to', `${LAST_FINAL}`)
  const levelsOf = async (config: string): Promise<string[]> => {
    const status = JSON.parse((await run('status', config, '--json')).stdout)
    return [...new Set<string>(status.proof.map(({ level }: { level: string }) => level))]
  }
  expect((await levelsOf(byBloom)).toSorted()).toEqual(['bloom', 'receipts'])
  expect(await run('status', byBloom)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^chain 31337, block \d+ 0x.*\nfinal up to \d+\ndigest 0x.*\nindexed 0-\d+\nproven by bloom: \d+ blocks \(\d.*\nproven by receipts: /,
    ),
  })
  const strict = configOf('strict', {
    raw: 'sqlite:bloom-raw.db',
    chain: { ...asked, proof: 'receipts' },
  })
  const before = node().calls.eth_getBlockReceipts ?? 0
  await report('backfill', strict, '--to', `${LAST_FINAL}`)
  expect(node().calls.eth_getBlockReceipts).toBeGreaterThan(before)
  expect(await levelsOf(strict)).toEqual(['receipts'])
  expect((await run('raw list', strict)).stdout).toMatch(/proof bloom and receipts\n/)
}, 120_000)

test('what cannot be done says why, and what helps', async () => {
  const off = configOf('off', { raw: 'off' })
  for (const command of ['collect', 'derive', 'raw list']) {
    const { code, stderr } = await run(command, off)
    expect(stderr).toMatch(/^halyard: raw: it is off, .*name a place for them/)
    expect(code).toBe(78)
  }
  const empty = await run('derive', configOf('empty', { raw: 'sqlite:empty-raw.db' }))
  expect(empty.stderr).toMatch(/^halyard: raw: not all logs of blocks 0-0 .* are kept/)
  expect(empty.code).toBe(69)
  const same = await run('raw list', configOf('same', { raw: 'sqlite:same.db' }))
  expect(same.stderr).toMatch(/raw: the store section names that file/)
  expect(same.code).toBe(78)
}, 60_000)
