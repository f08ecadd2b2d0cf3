import type { OpenRelay } from '#wiring/open-relay.ts'
import type { OpenSpends } from '#wiring/open-spends.ts'
import { newId } from '#wiring/system.ts'
import type { Settings } from '#wiring/settings.ts'
import { ownActor } from './actor.ts'
import { readSettings, tellWarnings, toStderr } from './wire.ts'

type Options = { readonly config: string; readonly chain?: string }

type Person = { readonly newId: () => string; readonly actor: string }

/** What commands take that look at spends on the chain, and record them. */
export async function wireSpends({ config, chain }: Options): Promise<OpenSpends & Person> {
  const { openSpends } = await import('#wiring/open-spends.ts')
  const opened = await openSpends(readSettings(config, chain))
  tellWarnings(opened, toStderr)
  return { ...opened, newId, actor: ownActor() }
}

/** What commands take that ask the nodes and sign. @param stop ends what waits for the chain when aborted */
export async function wireRelay(
  settings: Settings,
  warn: OpenRelay['ports']['warn'],
  stop?: AbortSignal,
): Promise<OpenRelay & Person> {
  // What talks to a chain takes longer to load than a command on the records alone takes.
  const { openRelay } = await import('#wiring/open-relay.ts')
  const opened = await openRelay(settings, warn, stop)
  tellWarnings(opened, toStderr)
  return { ...opened, newId, actor: ownActor() }
}
