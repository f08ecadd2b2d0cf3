import type { RelayChain } from '#core/relay/ports.ts'
import type { RelayPolicy, RelayPorts } from '#core/relay/relay-ports.ts'
import { invalidField } from '#core/errors.ts'
import { openKey } from './open-key.ts'
import { type ChainNode, openNode } from './open-node.ts'
import { openSpends, relayOf, type RelaySettings } from './open-spends.ts'
import type { Settings } from './settings.ts'

/** What sending them takes. */
export type OpenRelay = AsyncDisposable & {
  readonly ports: RelayPorts
  readonly policy: RelayPolicy
  readonly pollMs: number
  readonly reconcileEveryMs: number | null
  /** Where its probes and metrics listen; null: nowhere. */
  readonly metricsAt: { readonly host: string; readonly port: number } | null
  readonly warnings: readonly string[]
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
    metricsAt:
      relay.metricsPort === null ? null : { host: relay.metricsHost, port: relay.metricsPort },
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
