import type { Address, Hex } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { contractOf, type ContractReview, reviewContracts } from '#wiring/review-sources.ts'
import type { Settings } from '#wiring/settings.ts'
import type { Check } from './check-config.ts'

/** A contract that a setting names, beside the sources. */
type Named = {
  readonly field: string
  readonly address: Address
  /** Functions that it must have, by what is called of them. */
  readonly functions?: Readonly<Record<string, string>>
}

/** The first 4 bytes of the hash of each function's signature, as code compares them with what it is called with. */
const ROUTER = { 'multicall(uint256,bytes[])': '5ae401dc' } as const
const WRAPPED = { 'deposit()': 'd0e30db0', 'withdraw(uint256)': '2e1a7d4d' } as const

function namedContracts({ quotes, periphery, sources }: Settings): Named[] {
  const { router, wrappedNative, hubs, pools } = quotes
  return [
    ...(router ? [{ field: 'quotes.router', address: router, functions: ROUTER }] : []),
    ...(wrappedNative
      ? [{ field: 'quotes.wrappedNative', address: wrappedNative, functions: WRAPPED }]
      : []),
    ...hubs.map((address, index) => ({ field: `quotes.hubs[${index}]`, address })),
    ...pools.flatMap(({ manager, token0, token1 }, index) =>
      Object.entries({ manager, token0, token1 })
        // The native currency has the address zero and no contract.
        .filter(([, address]) => BigInt(address) !== 0n)
        .map(([name, address]) => ({ field: `quotes.pools[${index}].${name}`, address })),
    ),
    ...sources.flatMap((source, index) =>
      source.kind === 'pool'
        ? (['token0', 'token1'] as const).map((name) => ({
            field: `sources[${index}].${name}`,
            address: source[name],
          }))
        : [],
    ),
    ...periphery.flatMap(({ index, positionManager, quoter }) =>
      Object.entries({ positionManager, quoter }).flatMap(([name, address]) =>
        address ? [{ field: `sources[${index}].${name}`, address }] : [],
      ),
    ),
  ]
}

/**
 * Looks whether there is a contract at every address that a configuration names, and whether it can be what the
 * setting says.
 *
 * @param newest the number of the chain's newest block
 */
export async function checkContracts(settings: Settings, newest: number): Promise<Check[]> {
  const named = namedContracts(settings)
  try {
    const review = await reviewContracts(
      settings,
      named.map(({ address }) => address),
    )
    return [
      ...settings.sources.map((_, index) => checkSource(settings, index, review, newest)),
      ...named.map((each) => checkNamed(settings, each, review)),
    ]
  } catch (error) {
    if (!isAppError(error)) throw error
    return [{ what: 'contracts', state: 'away', detail: error.message }]
  }
}

const noContract = ({ chain }: Settings): string =>
  `there is no contract at this address on chain ${chain.id}; correct the address or chain.id`

function checkSource(
  settings: Settings,
  index: number,
  { codeOf, warnings }: ContractReview,
  newest: number,
): Check {
  const source = settings.sources[index] as Settings['sources'][number]
  const { startBlock } = source
  const address = contractOf(source)
  const what = `sources[${index}] ${source.kind} ${address}`
  if (codeOf(address) === NO_CODE) return { what, state: 'fault', detail: noContract(settings) }
  if (startBlock !== null && startBlock > newest)
    return {
      what,
      state: 'fault',
      detail: `startBlock ${startBlock} is beyond the newest block, ${newest}`,
    }
  const found = warnings.flatMap((each) => (each.index === index ? each.message : []))
  if (found.length > 0) return { what, state: 'warning', detail: found.join('; ') }
  const start = startBlock === null ? 'no startBlock' : `from block ${startBlock}`
  return { what, state: 'ok', detail: `a contract, ${start}` }
}

function checkNamed(
  settings: Settings,
  { field, address, functions = {} }: Named,
  { codeOf }: ContractReview,
): Check {
  const what = `${field} ${address}`
  const code = codeOf(address)
  if (code === NO_CODE) return { what, state: 'fault', detail: noContract(settings) }
  const missing = Object.keys(functions).filter((name) => !code.includes(functions[name] as string))
  if (missing.length === 0) return { what, state: 'ok', detail: 'a contract' }
  return {
    what,
    state: 'warning',
    detail: `its code does not have ${missing.join(' or ')}: is it the contract that the setting means?`,
  }
}

const NO_CODE: Hex = '0x'
