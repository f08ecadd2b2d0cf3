import type { Address } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { checkOwnership, type CheckInput, type CheckPorts } from './check-ownership.ts'
import type { Decision, Finality, TimedBlock } from './decision.ts'
import { ruleText } from './rule.ts'

/** Decides who owns what, and remembers what it has decided at the newest block of each finality. */
export type OwnershipChecker = {
  /**
   * One decision for each of the people, in their order.
   *
   * @throws AppError `invalid` as `checkOwnership` does
   */
  check(input: CheckInput): Promise<Decision[]>
}

/** Decisions that are remembered of one block. */
const REMEMBERED_MAX = 20_000

/** A block, and what was decided there: of another block nothing is taken. */
type Epoch = {
  readonly block: Promise<TimedBlock | null>
  readonly until: number
}

/**
 * @param blockMs for how long a block counts as the newest: the chain's poll interval
 */
export function createOwnershipChecker(ports: CheckPorts, blockMs: number): OwnershipChecker {
  const newest = new Map<Finality, Epoch>()
  let remembered = new Map<string, Decision>()

  function blockOf(finality: Finality): Promise<TimedBlock | null> {
    const known = newest.get(finality)
    if (known && ports.clock.monotonicMs() < known.until) return known.block
    const block = ask(finality)
    newest.set(finality, { block, until: ports.clock.monotonicMs() + blockMs })
    return block
  }

  async function ask(finality: Finality): Promise<TimedBlock | null> {
    try {
      return await ports.owners.blockAt(finality)
    } catch (error) {
      if (isAppError(error, 'unavailable')) return null
      throw error
    }
  }

  return {
    async check(input) {
      const block = await blockOf(input.finality)
      if (!block) return checkOwnership(ports, input, null)
      const scope = `${input.finality} ${block.hash} ${ruleText(input.rule)}`
      const keys = input.people.map((wallets) => `${scope} ${walletsText(wallets)}`)
      const known = keys.map((key) => remembered.get(key))
      const open = known.flatMap((decision, index) => (decision ? [] : [index]))
      if (open.length === 0) return known as Decision[]
      const people = open.map((index) => input.people[index] as readonly Address[])
      const decided = await checkOwnership(ports, { ...input, people }, block)
      for (const [place, index] of open.entries()) {
        const decision = decided[place] as Decision
        known[index] = decision
        // What could not be known may be known in a moment.
        if (decision.answer === 'unknown') continue
        if (remembered.size >= REMEMBERED_MAX) remembered = new Map()
        remembered.set(keys[index] as string, decision)
      }
      return known as Decision[]
    },
  }
}

const walletsText = (wallets: readonly Address[]): string => wallets.toSorted().join(' ')
