import { confirm } from '#cli/confirm.ts'
import { readSettings, toStderr } from '#cli/wire.ts'
import { wireRelay } from '#cli/wire-relay.ts'
import { invalidField } from '#core/errors.ts'
import { checkName } from '#core/ledger/check-request.ts'
import { toText } from '#core/ledger/text.ts'
import { reconcile } from '#core/relay/reconcile.ts'
import { exitCodes } from '#faces/exit-code.ts'

type Options = {
  readonly config: string
  readonly chain?: string
  readonly repair?: boolean
  readonly writeOff?: boolean
  readonly actor?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** Compares the ledger with the chain, and mends what an entry can mend where that is asked for. */
export async function reconcilePoints(options: Options): Promise<void> {
  await using app = await wireRelay(readSettings(options.config, options.chain), (message) =>
    toStderr(message),
  )
  const actor = checkName('--actor', options.actor ?? app.actor)
  const isWriteOff = options.writeOff === true
  if (isWriteOff && options.repair !== true)
    throw invalidField('--write-off', 'it is a part of a repair; add --repair')
  const isMeant =
    options.repair === true &&
    options.dryRun !== true &&
    (await confirm(
      isWriteOff
        ? 'Mend what an entry of the ledger mends, and write off what an account cannot pay?'
        : 'Mend what an entry of the ledger mends?',
      options.yes === true,
    ))
  const found = await reconcile(app.ports, app.policy, {
    actor,
    isRepair: isMeant,
    isWriteOff,
  })
  const { differences, ...summary } = found
  for (const each of differences) process.stdout.write(`${toText(each)}\n`)
  const left = differences.filter(({ repair }) => repair !== 'done').length
  process.stdout.write(`${toText({ ...summary, differences: differences.length, left })}\n`)
  if (left > 0) process.exitCode = exitCodes.internal
}
