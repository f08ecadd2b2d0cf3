import type { Hash } from '#core/chain.ts'
import { AppError, type ErrorReason, invalidField } from '#core/errors.ts'
import { NONCE_MS } from './policy.ts'
import type { DiscordAccount, DiscordOAuth, LinkOutcome, Session } from './ports.ts'
import { type Person, readPerson } from './read-person.ts'
import type { IdentityPorts } from './sign-in.ts'

export type DiscordLinkPorts = Pick<
  IdentityPorts,
  'identity' | 'secrets' | 'sha256' | 'clock' | 'policy'
> & { readonly discord: DiscordOAuth }

/** Where somebody who is signed in goes to let Discord tell who they are there. */
export type DiscordLinkStart = { readonly url: string; readonly expiresAtMs: number }

/**
 * Begins to link a Discord account to whoever is signed in. What Discord sends back is good for this session alone, once,
 * and for as long as a nonce of a sign-in.
 */
export async function startDiscordLink(
  { identity, secrets, sha256, clock, discord }: DiscordLinkPorts,
  session: Session,
): Promise<DiscordLinkStart> {
  const state = secrets.random128()
  const expiresAtMs = clock.nowMs() + NONCE_MS
  await identity.putNonce({ nonce: state, login: loginOf(sha256, session), expiresAtMs })
  return { url: discord.authorizeUrl({ state, verifier: verifierOf(secrets, state) }), expiresAtMs }
}

/** Marks a nonce as one of a link: a nonce of a sign-in has another hash, so neither can be used as the other. */
const loginOf = (sha256: IdentityPorts['sha256'], { id }: Session): Hash =>
  sha256(`discord link of session ${id}`)

/** The verifier of PKCE (RFC 7636): nobody without the secret of the service can make it of the state. */
const verifierOf = (secrets: IdentityPorts['secrets'], state: string): string =>
  secrets.sign(`discord link with state ${state}`)

/** Longer than any code or state that Discord hands on. */
const TEXT_LENGTH_MAX = 512

/**
 * Gives a Discord account to the person of the session, who came back from Discord with a code.
 *
 * @throws AppError `unauthenticated` (`bad-state`) for a state that is unknown, used, too old or of another session;
 *   `invalid` (`bad-code`) for a code that Discord does not take; `conflict` where the account is somebody else's
 *   (`discord-taken`), was so a short while ago (`cooling-down`), or the person has another one; `unavailable` where
 *   Discord gives no answer, after which the state is still good
 */
export async function finishDiscordLink(
  ports: DiscordLinkPorts,
  session: Session,
  { code, state }: { readonly code: string; readonly state: string },
): Promise<Person> {
  const { identity, secrets, sha256, clock, discord, policy } = ports
  if (code === '' || code.length > TEXT_LENGTH_MAX)
    throw invalidField('code', `not a code of 1 to ${TEXT_LENGTH_MAX} letters`, {
      reason: 'bad-code',
    })
  const login = loginOf(sha256, session)
  // First what costs nothing: Discord is not asked for who has begun no link.
  if (state.length > TEXT_LENGTH_MAX || !(await identity.hasNonce(state, login, clock.nowMs())))
    throw badState()
  const account = await discord.accountOf({ code, verifier: verifierOf(secrets, state) })
  if (!(await identity.takeNonce(state, login, clock.nowMs()))) throw badState()
  const { person } = session
  const isOther = ({ id }: DiscordAccount): boolean => id !== account.id
  const before = (await identity.discordOf(person)).find(isOther)
  if (before) throw anotherOne(before)
  const link = await identity.linkDiscord(account, person, clock.nowMs())
  if (link.status !== 'linked') throw notFree(link)
  const other = (await identity.discordOf(person)).find(isOther)
  if (other) {
    // Another one was linked at the same time. Who links looks behind its own step, so that one of them sees it.
    await identity.unlinkDiscord(account.id, person, clock.nowMs() + policy.unlinkCoolDownMs)
    throw anotherOne(other)
  }
  return readPerson(identity, person)
}

/**
 * Takes the Discord account from the person of the session. Nobody else gets it before the cool-down is over, so that one
 * account does not stand for several people in a row; the person may link it again at once.
 *
 * @throws AppError `not-found` where none is linked
 */
export async function unlinkDiscord(
  { identity, clock, policy }: Pick<IdentityPorts, 'identity' | 'clock' | 'policy'>,
  person: string,
): Promise<DiscordAccount> {
  const [account] = await identity.discordOf(person)
  const freeAtMs = clock.nowMs() + policy.unlinkCoolDownMs
  if (!account || !(await identity.unlinkDiscord(account.id, person, freeAtMs)))
    throw new AppError('not-found', 'discord: no account is linked to this person', {
      details: { field: 'discord' },
      audience: 'client',
    })
  return account
}

const badState = (): AppError =>
  new AppError(
    'unauthenticated',
    'the state is unknown, used, older than 10 minutes or of another session; begin the link again',
    { details: { reason: 'bad-state' }, audience: 'client' },
  )

const conflict = (why: string, reason?: ErrorReason, untilMs?: number): AppError =>
  new AppError('conflict', `discord: ${why}`, {
    details: {
      field: 'discord',
      ...(reason && { reason }),
      ...(untilMs !== undefined && { untilMs }),
    },
    audience: 'client',
  })

const anotherOne = ({ name }: Pick<DiscordAccount, 'name'>): AppError =>
  conflict(`the account ${name} is linked to this person; unlink it first`)

const notFree = (link: Exclude<LinkOutcome, { readonly status: 'linked' }>): AppError =>
  link.status === 'taken'
    ? conflict('the account belongs to somebody else; unlink it there first', 'discord-taken')
    : conflict(
        'the account was unlinked from somebody else a short while ago; try again later',
        'cooling-down',
        link.untilMs,
      )
