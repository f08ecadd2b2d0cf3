import { createFaults } from '#cli/operator-watch.ts'
import { type ChainMetadata, openMetadataReading, wireMetadata } from '#cli/wire-metadata.ts'
import type { Address } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { followMetadata, type MetadataRound } from '#core/nft/metadata/follow-metadata.ts'
import { readMetadata } from '#core/nft/metadata/read-metadata.ts'
import { toJson } from '#resources/json.ts'
import { tokenMetadata } from '#resources/metadata.ts'
import { systemClock } from '#wiring/system.ts'
import { createMetrics } from '#wiring/telemetry.ts'
import { createMetadataMetrics } from './metadata-metrics.ts'

export type Options = { readonly config: string }

const print = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`)

/** How often it is looked whether there is anything new, and after a failure. */
const POLL_MS = 1_000
const FAILED_MS = 5_000

/** Fetches for all chains side by side. */
export async function fetchAll(
  { config, once = false }: Options & { readonly once?: boolean },
  stop: AbortSignal,
): Promise<void> {
  await using app = await wireMetadata(config, stop)
  const watch = { metrics: createMetadataMetrics(createMetrics()), faults: createFaults() }
  await using parts = new AsyncDisposableStack()
  if (app.metricsAt && !once) parts.use(await watch.faults.listen(watch.metrics, app.metricsAt))
  await Promise.all(app.chains.map((chain) => fetchOf(chain, once, watch, stop)))
}

type Watch = {
  readonly metrics: ReturnType<typeof createMetadataMetrics>
  readonly faults: ReturnType<typeof createFaults>
}

async function fetchOf(
  chain: ChainMetadata,
  once: boolean,
  { metrics, faults }: Watch,
  stop: AbortSignal,
): Promise<void> {
  const { name } = chain
  let [tried, fetched] = [0, 0]
  let told: string | undefined
  while (!stop.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- round by round
    const round = await roundOf(chain, once, stop)
    const done = typeof round === 'string' ? undefined : round
    const trouble = typeof round === 'string' ? round : (round.waitsFor ?? undefined)
    if (trouble !== undefined && trouble !== told && !stop.aborted)
      process.stderr.write(`halyard: ${name}: ${trouble}; it is tried again\n`)
    told = trouble
    faults.note(name, trouble)
    metrics.roundEnded(name, done)
    // oxlint-disable-next-line no-await-in-loop -- likewise
    metrics.behind(name, await lagOf(chain))
    tried += done?.tried ?? 0
    fetched += done?.fetched ?? 0
    if (done?.hasMore) continue
    if (done && once) break
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await systemClock.sleep(done ? POLL_MS : FAILED_MS, stop)
  }
  print({ chain: name, tried, fetched })
}

/** The trouble instead, where a store or the nodes cannot be used now. */
async function roundOf(
  { ports, chainId }: ChainMetadata,
  once: boolean,
  stop: AbortSignal,
): Promise<MetadataRound | string> {
  try {
    return await followMetadata(ports, chainId, stop)
  } catch (error) {
    if (once || !isAppError(error, 'unavailable')) throw error
    return error.message
  }
}

/** Blocks of the history whose tokens were not looked at; undefined where that cannot be known now. */
async function lagOf({ ports, chainId }: ChainMetadata): Promise<number | undefined> {
  try {
    const [cursor, newest] = [await ports.metadata.cursor(chainId), await ports.feed.newest()]
    return cursor && newest && Math.max(0, newest.number - cursor.number)
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    return undefined
  }
}

export async function show({
  config,
  chain,
  collection,
  token,
}: Options & {
  readonly chain?: string
  readonly collection: Address
  readonly token?: bigint
}): Promise<void> {
  await using app = await openMetadataReading(config, chain)
  const { metadata, chainId } = app
  if (token !== undefined) {
    const found = await readMetadata(app, chainId, { collection, tokenId: token })
    print(toJson(tokenMetadata, found))
    return
  }
  const [states, traits] = await Promise.all([
    metadata.states(chainId, collection),
    metadata.traitTypes(chainId, collection),
  ])
  print({ collection, ...states, traits })
}
