import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { type MongoChainStore, openMongoChainStore } from '#adapters/mongo/chain-store.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { isAppError } from '#core/errors.ts'
import { createViews } from '#core/history/view.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import { followHead } from '#core/indexing/follow-head.ts'
import { modelOf, readEverything } from '../contracts/everything.ts'
import { eventually } from '../fakes/eventually.ts'
import { createFakeChain, fakeSources } from '../fakes/fake-chain.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { createRandom } from '../fakes/random.ts'
import { freshDatabase, type MongoServer, openMongoServer } from '../servers/mongo.ts'
import { startTcpProxy, type TcpProxy } from '../tools/tcp-proxy.ts'

const CHAIN_ID = 31_337
/** How long nothing may have worked before a client is replaced, here. */
const RENEW_AFTER_MS = 1_000
/** Some clients get stuck in an outage, and not always the same ones. */
const OUTAGES = 4
const CLIENTS = 6
/** A server that is killed so often, each time in the middle of what a writer does. */
const CRASHES = 8
const BLOCKS = 16
/** With pauses before the store is tried again, which grow. */
const PATIENT_MS = 120_000

const server = await openMongoServer()
afterAll(() => server?.stop())

if (server) suiteOver(server)
else test.skip('MongoDB behind a proxy: no server to run on', () => {})

function suiteOver(mongo: MongoServer): void {
  describe('a client', () => {
    test(
      'that its driver never reconnects, behind a proxy that accepts and closes, is replaced by a new one',
      { timeout: PATIENT_MS },
      async () => {
        await using rig = await behindProxy(mongo)
        const stores = await Promise.all(Array.from({ length: CLIENTS }, () => rig.open()))
        const over = new AbortController()
        const asking = stores
          .flatMap((store) => [store, store])
          .map(async ({ heads }) => {
            while (!over.signal.aborted) {
              await heads.latest(1).catch(refuseOthers)
              await pause(5)
            }
          })
        for (let outage = 0; outage < OUTAGES; outage++) {
          await rig.proxy.set('close')
          rig.proxy.cutAll()
          await pause(700)
          await rig.proxy.set('pass')
          for (const { heads } of stores)
            await eventually(async () => expect(await heads.latest(1)).toBeUndefined())
        }
        over.abort()
        await Promise.all(asking)
      },
    )

    test('that is not answered gives a command up, says so, and goes on when the server is back', async () => {
      await using rig = await behindProxy(mongo)
      const { heads } = await rig.open({ commandMsMax: 500 })
      rig.proxy.delayMs = 60_000
      const error = await heads.latest(1).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ kind: 'unavailable', details: { field: 'store' } })
      expect(String(error)).toMatch(/store: MongoDB gave no answer within 0\.5 s; check that/)
      rig.proxy.delayMs = 0
      expect(await heads.latest(1)).toBeUndefined()
    })

    test('that was replaced in the middle of an answer does not go on with it', async () => {
      await using rig = await behindProxy(mongo)
      const { heads } = await rig.open({ commandMsMax: 500 })
      const answer = heads.asOneAnswer(async () => {
        await heads.latest(1)
        rig.proxy.delayMs = 60_000
        await heads.latest(1).catch(refuseOthers)
        rig.proxy.delayMs = 0
        return heads.latest(1)
      })
      await expect(answer).rejects.toThrow(/the connection to MongoDB was lost while it was read/)
      expect(await heads.latest(1)).toBeUndefined()
    })
  })

  describe('a writer and its readers end with what a clean run gives', () => {
    test.each(['insert', 'update', 'delete', 'find'])(
      'where connections are cut before or behind any %s',
      { timeout: PATIENT_MS },
      async (command) => {
        await using rig = await behindProxy(mongo)
        const random = createRandom(command.length)
        const isMeant = (sent: string): boolean => sent.includes(`\u0002${command}\0`)
        await expectSame(rig, (proxy) => {
          proxy.cut = (sent) => {
            if (!isMeant(sent) || !random.chance(0.06)) return undefined
            return random.chance(0.5) ? 'before' : 'behind'
          }
        })
        expect(rig.proxy.cuts()).toBeGreaterThan(3)
      },
    )

    test(
      'where a move of the head is stored and the answer is lost, each time',
      { timeout: PATIENT_MS },
      async () => {
        await using rig = await behindProxy(mongo)
        let moves = 0
        await expectSame(rig, (proxy) => {
          proxy.cut = (sent) =>
            sent.includes('\u0002insert\0\u0006\0\0\0heads') && ++moves % 2 === 1
              ? 'behind'
              : undefined
        })
        expect(rig.proxy.cuts()).toBeGreaterThan(BLOCKS / 3)
      },
    )

    test(
      'where connections are half closed, and answers are late',
      { timeout: PATIENT_MS },
      async () => {
        await using rig = await behindProxy(mongo)
        const random = createRandom(7)
        await expectSame(rig, (proxy) => {
          proxy.delayMs = 2
          proxy.halfCloseAfter = () => random.chance(0.02)
        })
        expect(rig.proxy.cuts()).toBeGreaterThan(3)
      },
    )

    test('where nobody listens for a while, again and again', { timeout: PATIENT_MS }, async () => {
      await using rig = await behindProxy(mongo)
      await expectSame(rig, undefined, async (isOver) => {
        for (let outage = 0; outage < OUTAGES && !isOver(); outage++) {
          await pause(400)
          await rig.proxy.set('refuse')
          rig.proxy.cutAll()
          await pause(100)
          await rig.proxy.set('pass')
        }
      })
    })

    test.skipIf(!mongo.crash)(
      `where the server is killed ${CRASHES} times in the middle of commits`,
      { timeout: PATIENT_MS },
      async () => {
        await using rig = await behindProxy(mongo)
        const random = createRandom(11)
        let crashes = 0
        await expectSame(rig, undefined, async (isOver) => {
          while (crashes < CRASHES && !isOver()) {
            await pause(random.int(500))
            await mongo.crash?.()
            crashes++
            await mongo.restart()
          }
        })
        expect(crashes).toBeGreaterThan(CRASHES / 2)
      },
    )
  })
}

type Rig = Awaited<ReturnType<typeof behindProxy>>

/** Follows a chain that is reorganised, while the server is disturbed, and compares all that is stored with the model. */
async function expectSame(
  rig: Rig,
  begin?: (proxy: TcpProxy) => void,
  disturb?: (isOver: () => boolean) => Promise<void>,
): Promise<void> {
  const store = await rig.open()
  const chain = createFakeChain(61, { maxLogs: 6 })
  await chain.mine(4)
  const stop = new AbortController()
  begin?.(rig.proxy)
  const disturbed = disturb?.(() => stop.signal.aborted)
  const source = createFakeSource({ blocks: () => chain.blocks })
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto', pollMs: 5 } as const
  let isForked = false
  for await (const event of followHead(portsOf(store, source), input, stop.signal)) {
    if (event.status !== 'idle') continue
    const isThere = event.stored === event.latest && chain.blocks.length >= BLOCKS
    if (isThere && isForked) stop.abort()
    else if (chain.blocks.length >= BLOCKS / 2 && !isForked) {
      isForked = true
      await chain.fork(2, 4)
      // One node is believed only when it goes on.
    } else if (chain.blocks.length < BLOCKS || event.stored !== event.latest) await chain.mine(1)
  }
  await disturbed
  rig.proxy.cut = () => undefined
  rig.proxy.halfCloseAfter = () => false
  await rig.proxy.set('pass')
  const seen = await eventually(async () => {
    const history = { ...store, views: createViews(store.heads, CHAIN_ID) }
    const view = await history.views.current()
    return view && readEverything(history, view)
  })
  expect(seen).toEqual(modelOf(chain.blocks))
}

const portsOf = (store: MongoChainStore, source: ReturnType<typeof createFakeSource>) => ({
  ...commitPorts(store, systemClock, CHAIN_ID),
  sha256,
  newId,
  keccak,
  receiptsRoot: createReceiptsRoot(keccakBytes),
  raw: undefined,
  source,
})

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })

/** A store that is away is told as such, whatever becomes of its client meanwhile. */
function refuseOthers(error: unknown): void {
  if (!isAppError(error, 'unavailable')) throw error
}

/** Stores of one database that reach their server through a proxy. */
async function behindProxy(mongo: MongoServer) {
  const url = new URL(mongo.url(freshDatabase()))
  const proxy = await startTcpProxy(Number(url.port))
  url.port = String(proxy.port)
  url.searchParams.set('directConnection', 'true')
  const open = async (options: { readonly commandMsMax?: number } = {}) => {
    const store = await openMongoChainStore(url.href, undefined, {
      renewAfterMs: RENEW_AFTER_MS,
      ...options,
    })
    onTestFinished(() => store.close())
    return store
  }
  return { proxy, open, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}
