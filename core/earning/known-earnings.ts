import { assert } from '#core/errors.ts'
import { type Hold, valueOf } from '#core/ledger/document.ts'
import { type ReadPorts, readUpToDate } from '#core/ledger/read-balance.ts'
import { idOfKey, parseEarning } from './names.ts'
import type { KnownEarning } from './plan-earnings.ts'

/** Documents that are read at once. */
const PAGE = 500

/** Earnings of one rule in one period, whatever became of them. @param prefix `periodPrefix` */
export async function listEarnings(
  ports: ReadPorts,
  ledger: string,
  prefix: string,
): Promise<KnownEarning[]> {
  await readUpToDate(ports, ledger)
  const start = idOfKey(prefix)
  const found: KnownEarning[] = []
  for (let after = start; ;) {
    const page = await ports.store.walkDocuments(ledger, 'hold', after, PAGE)
    const own = page.filter(({ id }) => id.startsWith(start))
    const keys = await ports.store.documents(
      ledger,
      own.map(({ id }) => ({ kind: 'key', id })),
    )
    for (const [index, document] of own.entries()) {
      const name = parseEarning(document.id)
      const key = keys[index]
      assert(name && key, 'a hold in the scope of earnings is one, and has its key')
      const { state } = valueOf('hold', document)
      found.push({ name, state: stateOf(state), request: valueOf('key', key).request })
    }
    const last = own.at(-1)
    if (!last || own.length < PAGE) return found
    after = last.id
  }
}

const stateOf = (state: Hold['state']): KnownEarning['state'] => {
  assert(state !== 'settled' && state !== 'voided' && state !== 'lapsed', 'an earning is no hold')
  return state
}
