import { confirm } from '#cli/confirm.ts'
import { wireLedger } from '#cli/wire-ledger.ts'
import { AppError } from '#core/errors.ts'
import type { Outcome } from '#core/ledger/entry.ts'
import type { Operation } from '#core/ledger/operation.ts'
import { previewRequest } from '#core/ledger/preview-request.ts'
import { toText } from '#core/ledger/text.ts'
import { exitCodes } from '#faces/exit-code.ts'
import type { MutationOptions } from './options.ts'

/** Whose keys those of the command line are. */
export const SCOPE = 'cli'

/** Does one operation of the command line: asks, or looks only, and prints what became of it. */
export async function mutate(
  options: MutationOptions,
  operation: Operation,
  question: string,
): Promise<void> {
  await using app = await wireLedger(options)
  const { ports, ledger } = app
  const key = options.key ?? app.newId()
  const request = { scope: SCOPE, key, actor: options.actor ?? app.actor, operation }
  const preview = await previewRequest(ports, ledger, request)
  if (preview.status === 'key-reused') throw keyReused(key)
  if (options.dryRun === true) {
    print(options, { status: preview.status, key, ...shown(preview.outcome) })
    return
  }
  if (!(await confirm(question, options.yes === true))) {
    print(options, { status: 'not-done', key })
    return
  }
  const receipt = await ports.clerk.submit(request)
  if (receipt.status === 'key-reused') throw keyReused(key)
  const { at, outcome, isReplay } = receipt
  print(options, {
    status: isReplay ? 'recorded-before' : 'recorded',
    key,
    id: receipt.id,
    sequence: at.sequence,
    hash: at.hash,
    ...shown(outcome),
  })
}

export const keyReused = (key: string): AppError =>
  new AppError('conflict', `--key: ${key} was used for another operation; take another key`, {
    details: { field: '--key' },
  })

function shown(outcome: Outcome): object {
  if (outcome.status === 'done') return { outcome: 'done', postings: outcome.postings }
  process.exitCode = exitCodes.refused
  return { outcome: 'refused', code: outcome.code }
}

/** Of a list its length, for people. */
export function print({ json }: { readonly json?: boolean }, report: object): void {
  const line = json === true ? toText(report) : linesOf(report)
  process.stdout.write(`${line}\n`)
}

const linesOf = (report: object): string =>
  Object.entries(report)
    .map(([name, value]) => `${name.padEnd(12)} ${wordOf(value)}`)
    .join('\n')

const wordOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? toText(value) : String(value)
