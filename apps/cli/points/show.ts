import { wireLedger } from '#cli/wire-ledger.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { checkAsset, checkName } from '#core/ledger/check-request.ts'
import { findExpired } from '#core/ledger/expire-points.ts'
import { freezeBreached } from '#core/ledger/freeze-breached.ts'
import { listLeaders } from '#core/ledger/list-leaders.ts'
import { listStatement } from '#core/ledger/list-statement.ts'
import { previewRequest } from '#core/ledger/preview-request.ts'
import { readBalance, readBalanceAt, readUpToDate } from '#core/ledger/read-balance.ts'
import { toText } from '#core/ledger/text.ts'
import { verifyLog } from '#core/ledger/verify-log.ts'
import { confirm } from '#cli/confirm.ts'
import { invalidField } from '#core/errors.ts'
import { exitCodes } from '#faces/exit-code.ts'
import { print } from './mutate.ts'
import type { LedgerOptions, RuleOptions } from './options.ts'

type AccountOptions = LedgerOptions & { readonly asset: string }

const nameOf = (account: string, { asset }: AccountOptions) => ({
  account: checkName('account', account),
  asset: checkAsset('--asset', asset),
})

export async function showBalance(
  account: string,
  options: AccountOptions & { readonly at?: number },
): Promise<void> {
  const of = nameOf(account, options)
  await using app = await wireLedger(options)
  if (options.at !== undefined) {
    const value = await readBalanceAt(app.ports, app.ledger, of, options.at)
    print(options, { ...of, ...value, at: new Date(options.at).toISOString() })
    return
  }
  const { value, at, isFrozen } = await readBalance(app.ports, app.ledger, of)
  print(options, { ...of, ...value, isFrozen, at })
}

/** Lines that are read at once. */
const PAGE = 200

export async function showStatement(
  account: string,
  options: AccountOptions & { readonly limit: number },
): Promise<void> {
  const of = nameOf(account, options)
  await using app = await wireLedger(options)
  let left = options.limit
  let before: { sequence: number; position: number } | undefined
  while (left > 0) {
    const { items, hasMore } = await listStatement(app.ports, app.ledger, of, {
      ...(before && { before }),
      limit: Math.min(left, PAGE),
    })
    for (const line of items) process.stdout.write(`${toText(line)}\n`)
    left -= items.length
    before = items.at(-1)
    if (!hasMore) break
  }
}

export async function showLeaders(
  options: AccountOptions & { readonly limit: number },
): Promise<void> {
  const asset = checkAsset('--asset', options.asset)
  await using app = await wireLedger(options)
  const { items } = await listLeaders(app.ports, app.ledger, asset, { limit: options.limit })
  for (const leader of items) process.stdout.write(`${toText(leader)}\n`)
}

export async function audit(options: RuleOptions & { readonly freeze?: boolean }): Promise<void> {
  await using app = await wireLedger(options)
  const report = await auditLedger(app.ports, app.ledger, { onProgress: tellProgress() })
  const named = report.breaches.filter(({ account }) => account !== undefined)
  let frozen: readonly string[] = []
  const wants = options.freeze === true && options.dryRun !== true && named.length > 0
  if (wants && (await confirm('Freeze every account that was named?', options.yes === true))) {
    const done = await freezeBreached(app.ports.clerk, report, options.actor ?? app.actor)
    frozen = done.map(({ account }) => account)
  }
  print(options, { ledger: app.ledger, ...report, frozen })
  if (report.breaches.length > 0) process.exitCode = exitCodes.internal
}

/** A run that is over sooner says nothing of it. */
const TELL_MS = 2_000

function tellProgress(): (progress: {
  readonly operations: number
  readonly documents: number
}) => void {
  let toldAt = performance.now()
  return ({ operations, documents }) => {
    if (performance.now() - toldAt < TELL_MS) return
    toldAt = performance.now()
    process.stderr.write(
      `halyard: ${operations} operations counted, ${documents} documents compared\n`,
    )
  }
}

export async function verify(options: LedgerOptions): Promise<void> {
  await using app = await wireLedger(options)
  await readUpToDate(app.ports, app.ledger)
  const { head, operations, breach } = await verifyLog(app.ports, app.ledger)
  print(options, { ledger: app.ledger, head, operations, breach: breach ?? null })
  if (breach) process.exitCode = exitCodes.internal
}

export async function expire(options: RuleOptions & { readonly asset: string }): Promise<void> {
  const asset = checkAsset('--asset', options.asset)
  await using app = await wireLedger(options)
  const { ports, ledger } = app
  const nowMs = ports.clock.nowMs()
  const actor = options.actor ?? app.actor
  const requests = await findExpired(ports, ledger, { asset, actor, nowMs })
  if (!requests)
    throw invalidField(
      '--asset',
      `points of ${asset} do not expire; give halyard points asset --expires-after`,
    )
  const isDryRun = options.dryRun === true
  const isMeant =
    isDryRun || (await confirm(`Take back ${asset} that are too old?`, options.yes === true))
  if (!isMeant) return
  for await (const request of requests) {
    const made = isDryRun
      ? await previewRequest(ports, ledger, request)
      : await ports.clerk.submit(request)
    process.stdout.write(`${toText({ key: request.key, ...made })}\n`)
  }
}
