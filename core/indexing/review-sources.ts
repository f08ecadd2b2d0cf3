import type { Address, Hex } from '#core/chain.ts'
import type { Catalogue } from './catalogue.ts'
import type { AnySource, ContractRole } from './source.ts'

/** Reads the code of contracts at the newest block. */
export type ContractCodes = {
  /** What each runs, through proxies of the usual kinds; `0x` where there is nothing. @throws AppError `unavailable` */
  read(addresses: readonly Address[]): Promise<readonly Hex[]>
  /** Whether there was code at a block; undefined where the node does not tell. */
  wasThere(address: Address, block: number): Promise<boolean | undefined>
}

/** A source that is likely not what its contract is. */
export type SourceWarning = {
  /** Its place in `sources`. */
  readonly index: number
  readonly address: Address
  /** What is wrong, and what to do. */
  readonly message: string
}

/**
 * Looks whether sources can be right, by the code of their contracts: what emits an event has its first topic in its
 * code. A source that is wrong indexes nothing, or never sees a part of what happens, and says nothing of it.
 *
 * @throws AppError `unavailable` where the code cannot be read
 */
export async function reviewSources(
  codes: ContractCodes,
  catalogue: Pick<Catalogue, 'sources'>,
  sources: readonly AnySource[],
): Promise<SourceWarning[]> {
  const contracts = sources.flatMap((source) => {
    const contract = catalogue.sources.get(source.kind)?.contractOf(source)
    return contract ? [{ source, ...contract }] : []
  })
  const found = await codes.read(contracts.map(({ address }) => address))
  const warnings = await Promise.all(
    contracts.map(async ({ source, address, role }, index) => {
      const code = found[index] ?? '0x'
      const messages = reviewCode(catalogue, source, role, code)
      const late = code === '0x' ? undefined : await startsLate(codes, source, address)
      return [...messages, ...(late ? [late] : [])].map((message) => ({ index, address, message }))
    }),
  )
  return warnings.flat()
}

async function startsLate(
  codes: ContractCodes,
  { startBlock }: AnySource,
  address: Address,
): Promise<string | undefined> {
  if (!startBlock || !(await codes.wasThere(address, startBlock - 1))) return undefined
  return `it was there before startBlock ${startBlock}, and what it did until then is not indexed: name the block of its creation`
}

function reviewCode(
  catalogue: Pick<Catalogue, 'sources'>,
  source: AnySource,
  role: ContractRole,
  code: Hex,
): string[] {
  if (code === '0x')
    return ['there is no contract at this address: check the address, chain.id and chain.rpc']
  const has = (topic: string): boolean => code.includes(topic.slice(2))
  // Another sort of proxy, or an event's topic is put together as it runs: nothing can be told.
  if (!EVENT.test(code)) return []
  if (!emitsAny(role, has)) {
    const fits = fittingKinds(catalogue, source, has)
    const creates = (role.children?.length ?? 0) > 0 ? 'create such contracts by an event' : 'emit'
    const remedy = fits.length > 0 ? `it looks like ${fits.join(' or ')}` : 'check the address'
    return [`it does not ${creates} as ${role.name} does, so nothing is found: ${remedy}`]
  }
  if (isFungible(role, code))
    return [
      'it looks like an ERC-20 token, whose amounts would be taken for ids: check the address',
    ]
  const other = [role, ...(role.children ?? [])].find((each) => hidesSwaps(each, has))
  return other
    ? [
        'its pools tell swaps by an event that is not read: they are not followed, and quoted from the chain alone',
      ]
    : []
}

/** A topic or another word of 32 bytes that is put on the stack. */
const EVENT = /7f[0-9a-f]{64}/

const emitsAny = ({ decoders }: ContractRole, has: (topic: string) => boolean): boolean =>
  decoders.keys().some(has)

/** Pools of which other events are in the code, and no swap. */
function hidesSwaps({ decoders }: ContractRole, has: (topic: string) => boolean): boolean {
  const events = [...decoders]
  const swaps = events.filter(([, { spec }]) => spec.type === 'swap')
  return (
    swaps.length > 0 && events.some(([topic]) => has(topic)) && !swaps.some(([topic]) => has(topic))
  )
}

/** Kinds of sources that the contract could be of. */
function fittingKinds(
  { sources }: Pick<Catalogue, 'sources'>,
  source: AnySource,
  has: (topic: string) => boolean,
): string[] {
  const kinds: string[] = []
  for (const [kind, spec] of sources) {
    if (kind === source.kind || spec.needsMore) continue
    // Every kind finds its contract in a field that the other sources have too, under one of two names.
    const { factory, address } = source as { factory?: Address; address?: Address }
    const named = { ...source, kind, factory: factory ?? address, address: address ?? factory }
    if (emitsAny(spec.contractOf(named).role, has)) kinds.push(kind)
  }
  return kinds
}

/** `transfer(address,uint256)` and `ownerOf(uint256)`, as code compares them with what it is called with. */
const TRANSFER_OF_AMOUNT = '63a9059cbb'
const OWNER_OF = '636352211e'

/** An ERC-20 token emits what an ERC-721 does, and has no owners. */
const isFungible = ({ name }: ContractRole, code: Hex): boolean =>
  name === 'erc721' && code.includes(TRANSFER_OF_AMOUNT) && !code.includes(OWNER_OF)
