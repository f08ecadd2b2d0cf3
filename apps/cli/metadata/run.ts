import { type ChainMetadata, openMetadataReading, wireMetadata } from '#cli/wire-metadata.ts'
import type { Address } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { followMetadata, type MetadataRound } from '#core/nft/metadata/follow-metadata.ts'
import { readMetadata } from '#core/nft/metadata/read-metadata.ts'
import { toJson } from '#resources/json.ts'
import { tokenMetadata } from '#resources/metadata.ts'
import { systemClock } from '#wiring/system.ts'

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
  await Promise.all(app.chains.map((chain) => fetchOf(chain, once, stop)))
}

async function fetchOf(chain: ChainMetadata, once: boolean, stop: AbortSignal): Promise<void> {
  let [tried, fetched] = [0, 0]
  let told: string | undefined
  while (!stop.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- round by round
    const round = await roundOf(chain, once, stop)
    const trouble = typeof round === 'string' ? round : (round.waitsFor ?? undefined)
    if (trouble !== undefined && trouble !== told && !stop.aborted)
      process.stderr.write(`halyard: ${chain.name}: ${trouble}; it is tried again\n`)
    told = trouble
    if (typeof round !== 'string') {
      tried += round.tried
      fetched += round.fetched
      if (round.hasMore) continue
      if (once) break
    }
    // oxlint-disable-next-line no-await-in-loop -- likewise
    await systemClock.sleep(typeof round === 'string' ? FAILED_MS : POLL_MS, stop)
  }
  print({ chain: chain.name, tried, fetched })
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
