import { type AppError, isAppError } from '#core/errors.ts'
import { migrate } from '#core/operations/migrate.ts'
import { openIfThere, refuseBadPlace } from '#wiring/open-chain-store.ts'
import { type Probe, probeEndpoints } from '#wiring/probe-chain.ts'
import type { Settings } from '#wiring/settings.ts'
import { checkContracts } from './check-contracts.ts'
import { wireMigrations } from './wire.ts'

/** One thing that a configuration names, and what became of trying it. */
export type Check = {
  readonly what: string
  /** `fault`: it cannot work like this. `away`: it cannot be used now. */
  readonly state: 'ok' | 'warning' | 'fault' | 'away'
  readonly detail: string
}

/** A chain whose newest block is older than this stands still, or the endpoint does. */
const OLD_SECONDS = 600

/** Tries everything that a configuration names: of each chain endpoints, contracts and store, and the records. */
export async function checkConfig(chains: readonly Settings[], nowMs: number): Promise<Check[]> {
  const checks: Check[] = []
  for (const settings of chains) {
    // Of several chains each is told by its name.
    const front = chains.length === 1 ? '' : `${settings.chain.name} `
    // oxlint-disable-next-line no-await-in-loop -- one chain after the other, as they are printed
    for (const check of await checkChain(settings, nowMs))
      checks.push({ ...check, what: `${front}${check.what}` })
  }
  // They are of no chain.
  for (const settings of chains.slice(0, 1)) checks.push(await checkRecords(settings))
  return checks
}

async function checkChain(settings: Settings, nowMs: number): Promise<Check[]> {
  const probes = await probeEndpoints(settings.chain)
  const newest = Math.max(
    -1,
    ...probes.flatMap((probe) => (probe.status === 'serves' ? [probe.latest.number] : [])),
  )
  return [
    ...probes.map((probe, index) => checkEndpoint(settings, probe, index, nowMs)),
    ...(newest >= 0 ? await checkContracts(settings, newest) : []),
    await checkStore(settings),
    ...(await checkRaw(settings)),
  ]
}

function checkEndpoint({ chain }: Settings, probe: Probe, index: number, nowMs: number): Check {
  const what = `chain.rpc[${index}] ${probe.name}`
  switch (probe.status) {
    case 'wrong-chain':
      return {
        what,
        state: 'fault',
        detail: `serves chain ${probe.chainId}; chain.id says ${chain.id}; correct one of them`,
      }
    case 'fails':
      return { what, state: 'away', detail: probe.reason }
    case 'serves': {
      const { latest, finalized, learned } = probe
      const age = Math.max(0, Math.floor(nowMs / 1_000) - latest.timestamp)
      const isUnsettled = finalized.number < 0 && chain.finality === 'finalized'
      const facts = [
        `chain ${chain.id}, block ${latest.number}, ${age} s old`,
        finalized.number < 0 ? 'nothing final' : `final to ${finalized.number}`,
        learned.batchCalls.max() > 1 ? 'batches' : 'no batches',
        learned.blockReceipts === true ? 'receipts by block' : 'receipts by transaction',
        ...(age > OLD_SECONDS ? ['its newest block is old: does it follow the chain?'] : []),
        ...(isUnsettled
          ? ['it names no finalized block: set chain.finality to a number of blocks']
          : []),
      ]
      const isOdd = age > OLD_SECONDS || isUnsettled
      return { what, state: isOdd ? 'warning' : 'ok', detail: facts.join(', ') }
    }
    default:
      return probe satisfies never
  }
}

async function checkStore({ chain, store: setting }: Settings): Promise<Check> {
  const what = `store ${setting.kind}`
  try {
    await refuseBadPlace(setting, 'store')
    const store = await openIfThere(setting)
    if (!store) return { what, state: 'ok', detail: 'not there yet; the first run makes it' }
    try {
      const head = await store.heads.latest(chain.id)
      const stands = head ? `stands at block ${head.number}` : 'holds nothing of this chain yet'
      const { warnings = [] } = store
      return {
        what,
        state: warnings.length > 0 ? 'warning' : 'ok',
        detail: [stands, ...warnings].join('; '),
      }
    } finally {
      await store.close()
    }
  } catch (error) {
    if (!isAppError(error)) throw error
    return { what, state: stateOf(error), detail: error.message }
  }
}

/** What another time of trying may mend is away; what only another setting mends is a fault. */
const stateOf = ({ kind }: AppError): Check['state'] =>
  kind === 'conflict' || kind === 'invalid' ? 'fault' : 'away'

/** Where proven logs are kept: a database that the store is in too has been tried with it. */
async function checkRaw({ raw }: Settings): Promise<Check[]> {
  if (raw.kind !== 'sqlite') return []
  const what = 'raw sqlite'
  try {
    await refuseBadPlace(raw, 'raw')
    return [{ what, state: 'ok', detail: raw.path }]
  } catch (error) {
    if (!isAppError(error)) throw error
    return [{ what, state: stateOf(error), detail: error.message }]
  }
}

async function checkRecords({ records }: Settings): Promise<Check> {
  const what = `records ${records.kind}`
  try {
    await refuseBadPlace(records, 'records')
    await using app = await wireMigrations(records, () => undefined)
    const { migrations } = await migrate(app, { isDryRun: true })
    if (migrations.length === 0) return { what, state: 'ok', detail: 'up to date' }
    if ((await app.migrations.records()).length === 0)
      return { what, state: 'ok', detail: 'not there yet; halyard migrate makes them' }
    const wait =
      migrations.length === 1 ? '1 migration waits' : `${migrations.length} migrations wait`
    return { what, state: 'warning', detail: `${wait}; run: halyard migrate` }
  } catch (error) {
    if (!isAppError(error)) throw error
    return { what, state: stateOf(error), detail: error.message }
  }
}
