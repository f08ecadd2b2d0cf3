import { type Failure, simulate, type SimulationInput, type Tally } from './simulate.ts'

/** Lines of the trace that an error tells. */
const TRACE_LINES = 60

/**
 * Runs seeds one after another, and adds up what came about in them.
 *
 * @throws at the first that fails, naming it and the calls that led to it
 */
export async function runSeeds(
  seeds: readonly number[],
  input: Omit<SimulationInput, 'seed'>,
): Promise<Tally> {
  const sum: Tally = {}
  for (const seed of seeds) {
    const tally = await simulate({ ...input, seed }).catch((error: Failure) => {
      const calls = error.trace.slice(-TRACE_LINES).join('\n')
      throw new Error(
        `seed ${seed} fails on ${input.store}: ${error.message}\n` +
          `npm run sim -- --store ${input.store} --from ${seed} --seeds 1${input.rebuilds ? ' --rebuilds' : ''}${input.wide ? ' --wide' : ''}${input.ahead ? ' --ahead' : ''} --trace shows it; the last calls:\n${calls}`,
        { cause: error },
      )
    })
    for (const [what, count] of Object.entries(tally)) sum[what] = (sum[what] ?? 0) + count
  }
  return sum
}

export const seedsFrom = (first: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => first + index)
