import { createEthersOwnerReader } from '#adapters/ethers/owner-reader.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { codeOf, openRefusals } from '../test/apps/refusals.ts'

const ROUNDS = 100
const MS_MAX = 100

/** How long a running API takes to refuse what must be refused, each request as a client sends it. */
export async function benchRefusals(print: (line: string) => void): Promise<void> {
  await using anvil = await startAnvil()
  const rpc = createRpc([anvil.url], { chainId: DEVNET_CHAIN_ID })
  try {
    const owners = createEthersOwnerReader(
      async (method, params) => (await rpc.call([{ method, params }], ([result]) => result)).value,
      DEVNET_CHAIN_ID,
    )
    await using refusals = await openRefusals(owners)
    print(`refusals over HTTP, ${ROUNDS} of each; ${MS_MAX} ms at most`)
    print(
      `  ${'code'.padEnd(18)} ${'p50'.padStart(6)} ${'p99'.padStart(6)} ${'max'.padStart(6)} ms`,
    )
    let longest = 0
    for (const { name, prepare, send, code } of refusals.rows) {
      const times: number[] = []
      for (let round = 0; round < ROUNDS; round++) {
        const prepared: unknown = await prepare?.()
        const began = performance.now()
        const answer = await send(prepared)
        times.push(performance.now() - began)
        if (codeOf(answer) !== code)
          throw new Error(`${name}: ${codeOf(answer)} in the place of ${code}`)
      }
      const sorted = times.toSorted((a, b) => a - b)
      const at = (share: number): string =>
        (sorted[Math.ceil(share * ROUNDS) - 1] as number).toFixed(1).padStart(6)
      longest = Math.max(longest, ...times)
      print(`  ${code.padEnd(18)} ${at(0.5)} ${at(0.99)} ${at(1)} ms  ${name}`)
    }
    print(`  the longest ${longest.toFixed(1)} ms`)
  } finally {
    await rpc.close()
  }
}
