import type { DiscordLinkStart } from '#core/identity/discord-link.ts'
import type { DiscordAccount, ProvenWallet } from '#core/identity/ports.ts'
import type { Person } from '#core/identity/read-person.ts'
import type { SignedIn } from '#core/identity/sessions.ts'
import type { LoginStart } from '#core/identity/sign-in.ts'
import { address, field, listOf, maybe, resource, text, time } from './resource.ts'

const seconds = (ms: number): number => Math.floor(ms / 1_000)

export const loginStart = resource<LoginStart>('LoginStart', 'What a client needs to sign in.', {
  nonce: field(text, ({ nonce }) => nonce, 'For the message, once.'),
  login: field(
    text,
    ({ login }) => login,
    'The secret of this sign-in, for clients without cookies.',
  ),
  expiresAt: field(time, ({ expiresAtMs }) => seconds(expiresAtMs)),
})

export const signedInSession = resource<SignedIn>('Session', 'Somebody who is signed in.', {
  person: field(text, ({ person }) => person),
  wallet: field(address, ({ wallet }) => wallet, 'The wallet that signed.'),
  token: field(text, ({ token }) => token, 'For `Authorization: Bearer`; also set as a cookie.'),
  expiresAt: field(time, ({ expiresAtMs }) => seconds(expiresAtMs)),
})

const provenWallet = resource<ProvenWallet>('ProvenWallet', 'A wallet of a person.', {
  wallet: field(address, ({ wallet }) => wallet),
  provenAt: field(time, ({ provenAtMs }) => seconds(provenAtMs)),
})

const discordAccount = resource<DiscordAccount>(
  'DiscordAccount',
  'A Discord account of a person.',
  {
    id: field(text, ({ id }) => id, 'As Discord numbers it.'),
    name: field(text, ({ name }) => name, 'As Discord called it when it was linked.'),
    linkedAt: field(time, ({ linkedAtMs }) => seconds(linkedAtMs)),
  },
)

export const person = resource<Person>(
  'Person',
  'A person, and the wallets and the Discord account that it has proven.',
  {
    id: field(text, ({ id }) => id),
    wallets: field(listOf(provenWallet), ({ wallets }) => wallets),
    discord: maybe(discordAccount, ({ discord }) => discord, 'Null where none is linked.'),
  },
)

export const discordLinkStart = resource<DiscordLinkStart>(
  'DiscordLinkStart',
  'Where to go in order to link a Discord account.',
  {
    url: field(text, ({ url }) => url, 'A page of Discord, for the browser of the person.'),
    expiresAt: field(time, ({ expiresAtMs }) => seconds(expiresAtMs)),
  },
)
