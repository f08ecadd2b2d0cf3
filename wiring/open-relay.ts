import type { RelayChain } from '#core/relay/ports.ts'
import type { RelayPolicy, RelayPorts, SpendPorts } from '#core/relay/relay-ports.ts'
import { invalidField } from '#core/errors.ts'
import { openIntents } from './open-intents.ts'
import { openKey } from './open-key.ts'
import { openLedger } from './open-ledger.ts'
import { type ChainNode, openNode } from './open-node.ts'
import type { Settings } from './settings.ts'
import { sha256, systemClock } from './system.ts'

/** What recording and following spends of one chain takes. No key and no node. */
export type OpenSpends = AsyncDisposable & {
  readonly ports: SpendPorts
  readonly policy: RelayPolicy
  /** What about the servers an operator should know. */
  readonly warnings: readonly string[]
}

/** What sending them takes. */
export type OpenRelay = AsyncDisposable & {
  readonly ports: RelayPorts
  readonly policy: RelayPolicy
  readonly pollMs: number
  readonly reconcileEveryMs: number | null
  readonly warnings: readonly string[]
}

type RelaySettings = NonNullable<Settings['relay']>

/** @throws AppError `invalid` where the configuration names no points contract */
function relayOf({ relay }: Pick<Settings, 'relay'>): RelaySettings {
  if (relay) return relay
  throw invalidField(
    'relay',
    'the configuration names no points contract of this chain; add the section relay, as docs/points.md says',
  )
}

const policyOf = (chainId: number, relay: RelaySettings): RelayPolicy => {
  const { contract, startBlock, ledger, asset, leaseMs } = relay
  const { deadlineS, feeMaxRaw, balanceMinRaw, bumpAfterMs } = relay
  return {
    chainId,
    contract,
    startBlock,
    ledger,
    asset,
    leaseMs,
    deadlineS,
    feeMaxRaw,
    balanceMinRaw,
    bumpAfterMs,
  }
}

/**
 * Opens the ledger and what is kept of spends under way. Records that are not there yet are made.
 *
 * @throws AppError `invalid` where the configuration names no points contract; `conflict` where records wait for a migration;
 *   `unavailable` where they cannot be used
 */
export async function openSpends(
  settings: Pick<Settings, 'chain' | 'records' | 'relay'>,
): Promise<OpenSpends> {
  const relay = relayOf(settings)
  await using parts = new AsyncDisposableStack()
  const { store, clerk, warnings } = parts.use(await openLedger(settings.records, relay.ledger))
  const { intents } = parts.adopt(await openIntents(settings.records), (each) => each.close())
  const opened = parts.move()
  return {
    ports: { intents, store, clerk, sha256, clock: systemClock },
    policy: policyOf(settings.chain.id, relay),
    warnings,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

/** A round that fails is followed by another one. */
const PATIENCE = { rounds: 1, patienceMs: 1_000 } as const

/** @param stop ends what waits for the chain when aborted */
export async function openRelay(
  settings: Pick<Settings, 'chain' | 'records' | 'relay'>,
  warn: RelayPorts['warn'],
  stop?: AbortSignal,
): Promise<OpenRelay> {
  const relay = relayOf(settings)
  const { chain } = settings
  await using parts = new AsyncDisposableStack()
  const { ports, policy, warnings } = parts.use(await openSpends(settings))
  const node = parts.use(openNode(chain, { ...PATIENCE, ...(stop && { stop }), warn }))
  const place = { chainId: chain.id, contract: relay.contract, gasLimit: relay.gasLimit }
  const { createEthersTransactionSigner, createEthersVoucherSigner } =
    await import('#adapters/ethers/relay-signer.ts')
  const keys = await Promise.all(relay.senders.map(openKey))
  const senders = keys.map((key) => createEthersTransactionSigner(key, place))
  const twice = senders.find(({ sender }, index) =>
    senders.some((other, place_) => place_ < index && other.sender === sender),
  )
  if (twice)
    throw invalidField('relay.senders', `${twice.sender} is named twice; name each account once`)
  const voucherKey = relay.voucherSigner && (await openKey(relay.voucherSigner))
  const opened = parts.move()
  return {
    ports: {
      ...ports,
      chain: await openRelayChain(node, chain, relay),
      senders,
      vouchers: voucherKey ? createEthersVoucherSigner(voucherKey, place) : undefined,
      warn,
    },
    policy,
    pollMs: relay.pollMs,
    reconcileEveryMs: relay.reconcileEveryMs,
    warnings,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function openRelayChain(
  { rpc }: ChainNode,
  { finality }: Settings['chain'],
  { contract, startBlock }: RelaySettings,
): Promise<RelayChain> {
  const { createEthersRelayChain } = await import('#adapters/ethers/relay-chain.ts')
  const { nodesOf } = await import('./relay-nodes.ts')
  return createEthersRelayChain(nodesOf(rpc), { contract, startBlock, finality })
}
