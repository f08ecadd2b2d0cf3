import type { BlockRange, Hash } from '#core/chain.ts'
import type { Sha256 } from '#core/history/digest.ts'
import type { View } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import { type ProofLevel, weakestOf } from '#core/history/proof.ts'
import { createAdmission } from './admission.ts'
import type { Catalogue } from './catalogue.ts'
import type { Commitments } from './chain-profiles.ts'
import { decodeBlocks } from './decode-blocks.ts'
import { createFetchProven, type FetchPorts } from './fetch-proven.ts'
import { createFoundContracts } from './found-contracts.ts'
import { projectionIds, refuseOtherProjections } from './projection-ids.ts'
import { filterOf } from './raw/log-scope.ts'
import { type ComparedRow, type Difference, differencesIn } from './row-differences.ts'
import type { AnySource } from './source.ts'
import type { QuarantinedLog } from './ports.ts'
import { quarantinedIn, readableBlocks, type StoredPorts } from './stored-blocks.ts'

export type AuditPorts = FetchPorts &
  StoredPorts &
  ResolvePorts & { readonly catalogue: Catalogue; readonly sha256: Sha256 }

export type AuditInput = {
  readonly chainId: number
  readonly sources: readonly AnySource[]
  /** What the chain's headers commit to; left out: as on Ethereum. */
  readonly commits?: Commitments
}

/** What is stored of a block and is not what the chain proves. */
export type Mismatch =
  | ({ readonly of: 'row' } & Difference)
  /** The block itself is another one, or is not stored; or its rows cannot be read, and `stored` is `damaged`. */
  | {
      readonly of: 'block'
      readonly block: number
      readonly stored: Hash | 'damaged' | null
      readonly chain: Hash
    }

export type Audited = {
  readonly blocks: number
  readonly rows: number
  /** The weakest level that the chain's side of any of these blocks was proven at. */
  readonly level: ProofLevel
  readonly mismatches: readonly Mismatch[]
}

/** Holds blocks of a store against the chain. It remembers the contracts that the history has found. */
export type Auditor = {
  /**
   * Proves the logs of blocks anew, by receipts as far as the chain commits to them, and compares what they decode to
   * with what is stored of these blocks, row by row.
   *
   * @param range covered by the view, and final
   * @throws AppError `unavailable` where no provider gives provable answers, or the view was swept meanwhile
   * @throws AppError `conflict` where the store was made of other sources
   */
  audit(view: View, range: BlockRange): Promise<Audited>
}

export function createAuditor(ports: AuditPorts, input: AuditInput): Auditor {
  const { catalogue } = ports
  const { chainId, sources } = input
  const projections = projectionIds(ports.sha256, chainId, catalogue, sources)
  const admission = createAdmission(catalogue, sources)
  const found = createFoundContracts(ports, sources, admission)
  const fetchProven = createFetchProven(ports, input.commits)
  /** The head whose contracts are known; those that a block found are known from that block on. */
  let knownTo = -1

  return {
    async audit(view, range) {
      refuseOtherProjections(view.head, projections)
      if (range.to > knownTo) {
        await found.readFrom(view)
        knownTo = view.head.number
      }
      const [proven, stored] = await Promise.all([
        // What a header's bloom rules out needs no receipts to be proven.
        fetchProven(range, filterOf(admission.scope()), 'where-held'),
        readableBlocks(ports, view, range),
      ])
      const decoded = await decodeBlocks(admission, proven)
      const counted = Object.values(decoded.counts).reduce((sum, count) => sum + count, 0)
      const mismatches = decoded.events.flatMap(({ block, rows }): Mismatch[] => {
        const known = stored.get(block.number)
        const { number, hash } = block
        if (known?.hash !== hash)
          return [{ of: 'block', block: number, stored: known?.hash ?? null, chain: hash }]
        if (known.rows === null)
          return [{ of: 'block', block: number, stored: 'damaged', chain: hash }]
        if (known.rows === rows) return []
        return differencesIn(number, known.rows, rows).map((each) => ({ of: 'row', ...each }))
      })
      mismatches.push(...(await compareAside(ports, view, range, decoded.quarantined)))
      return {
        blocks: proven.length,
        rows: counted + decoded.quarantined.length,
        level: weakestOf(proven) ?? 'unverified',
        mismatches,
      }
    },
  }
}

/** The rows of logs that are set apart say nothing of what is in them. */
async function compareAside(
  ports: StoredPorts,
  view: View,
  range: BlockRange,
  proven: readonly QuarantinedLog[],
): Promise<Mismatch[]> {
  if (proven.length === 0) return []
  const place = ({ block, log }: QuarantinedLog): string => `${block.hash} ${log.logIndex}`
  const chain = new Map(proven.map((each) => [place(each), each]))
  const mismatches: Mismatch[] = []
  for await (const each of quarantinedIn(ports, view, range)) {
    const known = chain.get(place(each))
    if (!known) continue
    const [was, is] = [asideRow(each), asideRow(known)]
    if (was.address === is.address && was.body === is.body) continue
    const { block, log } = each
    mismatches.push({
      of: 'row',
      block: block.number,
      logIndex: log.logIndex,
      what: 'changed',
      stored: was,
      chain: is,
    })
  }
  return mismatches
}

/** Without the reason, which another version of Halyard may word in another way. */
const asideRow = ({ log }: QuarantinedLog): ComparedRow => ({
  transactionHash: log.transactionHash,
  address: log.address,
  kind: 'quarantined',
  body: [...log.topics, log.data].join(' '),
})

/** The command that mends blocks. */
export const mendingCommand = ({ from, to }: BlockRange): string =>
  `halyard reindex --from ${from} --to ${to} --apply`

/** A mismatch in one line, for people. */
export function mismatchText(mismatch: Mismatch): string {
  if (mismatch.of === 'row') {
    const { block, logIndex, stored, chain } = mismatch
    return `block ${block}, log ${logIndex}: stored ${rowText(stored)}; the chain proves ${rowText(chain)}`
  }
  const { block, stored, chain } = mismatch
  return stored === 'damaged'
    ? `block ${block}: what is stored of it cannot be read`
    : `block ${block}: stored as ${stored ?? 'nothing'}, the chain has ${chain}`
}

const rowText = (row: ComparedRow | null): string =>
  row
    ? [row.kind, row.address, row.transactionHash, row.body]
        .filter((part) => part !== null)
        .join(' ')
    : 'nothing'
