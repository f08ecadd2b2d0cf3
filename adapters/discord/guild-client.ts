import { AppError } from '#core/errors.ts'
import type { Clock } from '#core/clock.ts'
import type { GuildClient, GuildMember, GuildRole, GuildView } from '#core/guild/ports.ts'
import { createBuckets } from './buckets.ts'
import { callDiscord, type DiscordAnswer, type DiscordCall, noAnswer } from './call.ts'

/** The bot of an application. */
export type DiscordBot = { readonly apiUrl: string; readonly botToken: string }

/** For how long a view of a guild is believed. */
const VIEW_MS = 15_000
/** Permission bits: ADMINISTRATOR and MANAGE_ROLES. */
const ADMINISTRATOR = 1n << 3n
const MANAGE_ROLES = 1n << 28n
/** Codes of Discord: no such guild, no such member, no such user. */
const NOT_A_MEMBER: ReadonlySet<unknown> = new Set([10_007, 10_013])

export function createDiscordGuildClient(
  { apiUrl, botToken }: DiscordBot,
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>,
): GuildClient {
  const buckets = createBuckets(clock)
  const headers = { authorization: `Bot ${botToken}` }
  const views = new Map<string, { readonly view: GuildView; readonly untilMs: number }>()
  let ownId: string | undefined

  const send = (route: string, call: DiscordCall): Promise<DiscordAnswer> =>
    buckets.send(route, () =>
      callDiscord(apiUrl, { ...call, headers: { ...headers, ...call.headers } }),
    )

  async function get(path: string, route: string): Promise<unknown> {
    const { status, body } = await send(`GET ${route}`, { method: 'GET', path })
    if (status === 200) return body
    if (status === 403 || status === 404) throw notThere(path)
    throw noAnswer(`HTTP ${status} to GET ${path}`)
  }

  async function read(guild: string): Promise<GuildView> {
    ownId ??= textOf(await get('/users/@me', '/users/@me'), 'id')
    const roles = rolesIn(await get(`/guilds/${guild}/roles`, `/guilds/${guild}/roles`))
    const me = await get(`/guilds/${guild}/members/${ownId}`, `/guilds/${guild}/members/:id`)
    const own = textsOf(me, 'roles')
    // Everybody has the role that is called as the guild itself.
    const mine = roles.filter(({ id }) => own.includes(id) || id === guild)
    const allowed = mine.reduce((sum, { permissions }) => sum | permissions, 0n)
    return {
      roles: roles.map(({ id, name, position, isManaged }) => ({ id, name, position, isManaged })),
      own,
      mayManageRoles: (allowed & (ADMINISTRATOR | MANAGE_ROLES)) !== 0n,
    }
  }

  return {
    async view(guild) {
      const known = views.get(guild)
      if (known && clock.monotonicMs() < known.untilMs) return known.view
      const view = await read(guild)
      views.set(guild, { view, untilMs: clock.monotonicMs() + VIEW_MS })
      return view
    },
    async members(guild, after, limit) {
      const query = `limit=${limit}${after === null ? '' : `&after=${after}`}`
      const found = await get(`/guilds/${guild}/members?${query}`, `/guilds/${guild}/members`)
      if (!Array.isArray(found)) throw noAnswer('members that are no list')
      return found.map((each: unknown): GuildMember => ({
        account: textOf(memberOf(each, 'user'), 'id'),
        roles: textsOf(each, 'roles'),
      }))
    },
    async setRole({ guild, role, account }, isHeld, why) {
      const method = isHeld ? 'PUT' : 'DELETE'
      const path = `/guilds/${guild}/members/${account}/roles/${role}`
      const route = `${method} /guilds/${guild}/members/:id/roles/:role`
      const reason = encodeURIComponent(why.slice(0, 200))
      const { status, body } = await send(route, {
        method,
        path,
        headers: { 'x-audit-log-reason': reason },
      })
      if (status === 204 || status === 200) return 'done'
      if (status === 404 && NOT_A_MEMBER.has(memberOf(body, 'code'))) return 'not-a-member'
      if (status === 403 || status === 404) return 'forbidden'
      throw noAnswer(`HTTP ${status} to ${method} ${path}`)
    },
  }
}

const notThere = (path: string): AppError =>
  new AppError('forbidden', `discord: the bot may not ask for ${path}; invite it to the guild`, {
    details: { field: 'discord' },
  })

const memberOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined

function textOf(value: unknown, name: string): string {
  const text = memberOf(value, name)
  if (typeof text === 'string') return text
  throw noAnswer(`an answer without ${name}`)
}

function textsOf(value: unknown, name: string): string[] {
  const list = memberOf(value, name)
  if (!Array.isArray(list)) throw noAnswer(`an answer without ${name}`)
  return list.map(String)
}

function rolesIn(body: unknown): (GuildRole & { readonly permissions: bigint })[] {
  if (!Array.isArray(body)) throw noAnswer('roles that are no list')
  return body.map((each: unknown) => ({
    id: textOf(each, 'id'),
    name: textOf(each, 'name'),
    position: Number(memberOf(each, 'position')),
    isManaged: memberOf(each, 'managed') === true,
    permissions: BigInt(textOf(each, 'permissions')),
  }))
}
