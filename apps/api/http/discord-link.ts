import { z } from 'zod'
import { AppError } from '#core/errors.ts'
import {
  type DiscordLinkPorts,
  finishDiscordLink,
  startDiscordLink,
  unlinkDiscord,
} from '#core/identity/discord-link.ts'
import { readPerson } from '#core/identity/read-person.ts'
import { discordLinkStart, person } from '#resources/identity.ts'
import type { Identity } from '#wiring/open-identity.ts'
import { NO_SESSION, nothing, personal, sessionOf } from './personal.ts'

const TEXT_LENGTH_MAX = 2_000

function withDiscord(ports: Identity): DiscordLinkPorts {
  const { discord } = ports
  if (discord) return { ...ports, discord }
  throw new AppError(
    'not-found',
    'no Discord account can be linked here: the service is not set up for it',
    { audience: 'client' },
  )
}

export const discordStart = personal({
  path: '/v1/person/discord/start',
  id: 'startDiscordLink',
  summary: 'Where to go in order to link a Discord account to whoever asks.',
  isForKnown: true,
  body: nothing,
  returns: discordLinkStart,
  refuses: [NO_SESSION],
  example: () => ({}),
  run: async ({ req }, ports) => startDiscordLink(withDiscord(ports), await sessionOf(ports, req)),
})

export const discordLink = personal({
  path: '/v1/person/discord/link',
  id: 'linkDiscord',
  summary:
    'Links the Discord account of whoever came back from Discord, in the session that began.',
  isForKnown: true,
  body: z.strictObject({
    code: z
      .string()
      .max(TEXT_LENGTH_MAX)
      .describe('As Discord added it to the page of the service.'),
    state: z.string().max(TEXT_LENGTH_MAX).describe('Likewise.'),
  }),
  returns: person,
  refuses: [
    { status: 401, when: 'There is no such session, or the state is not good.' },
    { status: 409, when: 'The account is somebody else’s, or the person has another one.' },
  ],
  example: () => ({ code: 'NhhvTDYsFcdgNLnnLijcl7Ku7bEEeee', state: '0'.repeat(32) }),
  run: async ({ req }, ports, given) =>
    finishDiscordLink(withDiscord(ports), await sessionOf(ports, req), given),
})

export const discordUnlink = personal({
  path: '/v1/person/discord/unlink',
  id: 'unlinkDiscord',
  summary: 'Takes the Discord account from whoever asks.',
  isForKnown: true,
  body: nothing,
  returns: person,
  refuses: [NO_SESSION],
  example: () => ({}),
  async run({ req }, ports) {
    const { person: id } = await sessionOf(ports, req)
    await unlinkDiscord(ports, id)
    return readPerson(ports.identity, id)
  },
})
