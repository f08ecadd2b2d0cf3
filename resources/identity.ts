import type { ProvenWallet } from '#core/identity/ports.ts'
import type { SignedIn } from '#core/identity/sessions.ts'
import type { LoginStart } from '#core/identity/sign-in.ts'
import { address, field, listOf, resource, text, time } from './resource.ts'

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

/** A person with its wallets. */
export type Person = { readonly id: string; readonly wallets: readonly ProvenWallet[] }

export const person = resource<Person>('Person', 'A person, and the wallets that it has proven.', {
  id: field(text, ({ id }) => id),
  wallets: field(listOf(provenWallet), ({ wallets }) => wallets),
})
