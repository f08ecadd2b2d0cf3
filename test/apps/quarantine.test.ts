import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { addressOf } from '../fakes/encode.ts'
import { fakeErc1155, fakeErc721 } from '../fakes/fake-chain.ts'
import { openRig } from './api-rig.ts'
import { runCli } from './run-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-quarantine-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('logs that do not decode are listed with the reason and counted, and what an account did, by REST and on the command line', async () => {
  await using rig = await openRig({ seed: 31, blocks: 40 })
  const malformed = rig.chain.blocks.flatMap(({ header, logs, acts }) =>
    acts.flatMap(({ act }, index) => {
      const { logIndex = -1, transactionHash = '' } = logs[index] ?? {}
      const { number: blockNumber, hash: blockHash } = header
      return act === 'malformed' ? [{ blockNumber, blockHash, transactionHash, logIndex }] : []
    }),
  )
  const [first] = malformed
  expect(malformed.length).toBeGreaterThan(3)
  const count = {
    address: fakeErc1155,
    reason: expect.stringMatching(/^transfer\/erc1155: /),
    count: malformed.length,
    firstBlock: first?.blockNumber,
    lastBlock: malformed.at(-1)?.blockNumber,
  }

  const seen: object[] = []
  for (let path: string | null = '/v1/quarantine?limit=2'; path;) {
    const { items, nextCursor } = await rig.json(path)
    seen.push(...items)
    path = nextCursor && `/v1/quarantine?limit=2&after=${nextCursor}`
  }
  expect(seen).toMatchObject(malformed.map((each) => ({ ...each, address: fakeErc1155 })))
  expect((await rig.json('/v1/quarantine/counts')).items).toEqual([count])

  const config = join(folder, 'halyard.json')
  writeFileSync(
    config,
    JSON.stringify({
      chain: { id: 31_337, rpc: ['http://127.0.0.1:9'] },
      store: `sqlite:${rig.path}`,
      sources: [{ kind: 'erc721', address: fakeErc721 }],
    }),
  )
  const rowsOf = async (...more: string[]): Promise<object[]> => {
    const { code, stdout } = await runCli(...more, '--config', config)
    expect(code).toBe(0)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object)
  }
  expect(await rowsOf('quarantine')).toMatchObject(malformed)
  expect(await rowsOf('quarantine', '--counts')).toEqual([count])

  const trader = addressOf(0xa0)
  const { items } = await rig.json(`/v1/accounts/${trader}/activity?limit=3`)
  expect(await rowsOf('activity', trader, '--limit', '3')).toMatchObject(items)

  const all = await rig.json(`/v1/accounts/${trader}/activity?limit=500`)
  const swaps = all.items.filter(({ kind }: { kind: string }) => kind === 'swap')
  expect(swaps.length).toBeGreaterThan(0)
  expect(swaps.length).toBeLessThan(all.items.length)
  const ofKind = await rig.json(`/v1/accounts/${trader}/activity?limit=500&kind=swap`)
  expect(ofKind.items).toEqual(swaps)
  const { data } = await rig.query(
    `{ activity(account: "${trader}", first: 500, kind: SWAP) { nodes { logIndex block { number } } } }`,
  )
  const placeOf = ({ block, logIndex }: any) => [block.number, logIndex]
  expect(data.activity.nodes.map(placeOf)).toEqual(swaps.map(placeOf))
  expect(await rowsOf('activity', trader, '--limit', '500', '--kind', 'swap')).toMatchObject(swaps)
  // Of one kind little may be found among much.
  const fields = Array.from(
    { length: 5 },
    (_, index) =>
      `a${index}: activity(account: "${trader}", first: 1, kind: SWAP) { nodes { logIndex } }`,
  )
  const { errors } = await rig.query(`{ ${fields.join(' ')} }`)
  expect(errors?.[0]?.extensions).toMatchObject({ code: 'QUERY_TOO_COSTLY', argument: 'kind' })
}, 60_000)
