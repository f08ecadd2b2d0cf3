import express, { type Request, type Response } from 'express'
import { z } from 'zod'
import { AppError, isAppError } from '#core/errors.ts'
import { answerCommand, type CommandUse } from '#core/guild/answer-command.ts'
import { commandForms } from '#core/guild/commands.ts'
import type { Interactions } from '#api/interactions.ts'
import type { Api } from '#api/wire.ts'
import type { RouteOf } from './route.ts'

/** Discord sends far less. */
const BODY_BYTES_MAX = 64_000
/** What was signed longer ago, or is of the future, was recorded by somebody. In seconds. */
const SKEW_SECONDS = 300
/** Discord shows an error to whoever waits for more than three seconds. */
const ANSWER_MS_MAX = 2_500

/** Types of interactions and of answers, as Discord numbers them. */
const PING = 1
const COMMAND = 2
const PONG = { type: 1 }
const MESSAGE = 4
/** For whoever used the command alone. */
const EPHEMERAL = 64

const id = z.string().regex(/^\d{1,20}$/)
const interaction = z.union([
  z.looseObject({ type: z.literal(PING) }),
  z.looseObject({
    type: z.literal(COMMAND),
    guild_id: id,
    member: z.looseObject({ user: z.looseObject({ id }) }),
    data: z.looseObject({
      name: z.enum(commandForms.map(({ name }) => name)),
      options: z
        .array(z.looseObject({ name: z.string(), value: z.union([z.string(), z.number()]) }))
        .default([]),
    }),
  }),
])

/** Slash commands, for Discord alone and no client of REST. Only what Discord has signed, over the bytes as they came, is looked at. */
export const discordInteractions: RouteOf = (api) => ({
  path: '/discord/interactions',
  origins: 'same',
  post: [
    express.raw({ limit: BODY_BYTES_MAX, inflate: false, type: () => true }),
    async (req, res) => {
      const { interactions } = api
      if (!interactions)
        throw new AppError('not-found', 'no commands of Discord are answered here', {
          audience: 'client',
        })
      expectSigned(api, interactions, req)
      const parsed = interaction.safeParse(jsonOf(req.body as Buffer))
      if (!parsed.success)
        throw new AppError('invalid', 'the interaction is none that is known here', {
          audience: 'client',
        })
      const { data } = parsed
      if (data.type === PING) send(res, PONG)
      else send(res, messageOf(await inTime(api, interactions, useOf(data))))
    },
  ],
})

type Used = Extract<z.output<typeof interaction>, { type: typeof COMMAND }>

/** @throws AppError `unauthenticated` (`bad-signature`) */
function expectSigned(api: Api, { verifier }: Interactions, req: Request): void {
  const timestamp = String(req.headers['x-signature-timestamp'] ?? '')
  const signature = String(req.headers['x-signature-ed25519'] ?? '')
  const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0)
  const ageSeconds = Math.abs(api.ports.clock.nowMs() / 1_000 - Number(timestamp))
  const isFresh = /^\d{1,12}$/.test(timestamp) && ageSeconds <= SKEW_SECONDS
  if (isFresh && verifier.isSigned({ timestamp, body, signature })) return
  throw new AppError('unauthenticated', 'Discord has not signed this request, or long ago', {
    details: { reason: 'bad-signature' },
    audience: 'client',
  })
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

const useOf = ({ guild_id: guild, member, data }: Used): CommandUse => ({
  name: data.name,
  guild,
  account: member.user.id,
  options: Object.fromEntries(data.options.map(({ name, value }) => [name, String(value)])),
})

/** An answer in the time that Discord waits; an apology where there is none. */
async function inTime(api: Api, { ports }: Interactions, use: CommandUse): Promise<string> {
  const over = new AbortController()
  const late = api.ports.clock.sleep(ANSWER_MS_MAX, over.signal).then(() => LATER)
  try {
    return await Promise.race([answerCommand(ports, use), late])
  } catch (error) {
    if (!isAppError(error, 'unavailable')) throw error
    api.ports.log.warn({ reason: error.message }, 'a command of Discord is not answered')
    return LATER
  } finally {
    over.abort()
  }
}

const LATER = 'That cannot be told now. Nothing was changed; ask again in a minute.'

/** Whoever names somebody in an answer must not call them. */
const messageOf = (content: string): object => ({
  type: MESSAGE,
  data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } },
})

function send(res: Response, answer: object): void {
  res.setHeader('cache-control', 'no-store')
  res.json(answer)
}
