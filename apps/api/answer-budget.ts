import { AppError } from '#core/errors.ts'

/**
 * Bounds the bytes of answers that wait for clients to take them. Each connection has one answer in memory, and there may
 * be thousands that do not read.
 */
export type AnswerBudget = {
  /**
   * Counts an answer until its connection is done with it.
   *
   * @param answer what it is sent on
   * @throws AppError `unavailable` with the reason `busy` where answers under way have no room for it
   */
  hold(principal: string, bytes: number, answer: Closing): void
}

type Closing = { once(event: 'close', done: () => void): unknown }

/** Of one answer as JSON. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024
/** Of all that is under way. */
const BYTES_MAX = 64 * 1024 * 1024
/** Of one client, so that it leaves room for others: two answers of the largest size. */
const BYTES_OF_ONE_MAX = 16 * 1024 * 1024
/** Less than this is in the buffers of the connection at once: it is counted, and never refused. */
const SMALL_BYTES = 16 * 1024

/** @throws AppError `invalid` with the reason `answer-too-large` */
export function refuseTooLarge(text: string): void {
  if (text.length <= ANSWER_BYTES_MAX) return
  throw new AppError('invalid', 'the answer is larger than 8 MiB; ask for smaller pages', {
    details: { reason: 'answer-too-large' },
    audience: 'client',
  })
}

export function createAnswerBudget(): AnswerBudget {
  const held = new Map<string, number>()
  let all = 0

  function add(principal: string, bytes: number): void {
    const own = (held.get(principal) ?? 0) + bytes
    all += bytes
    if (own > 0) held.set(principal, own)
    else held.delete(principal)
  }

  return {
    hold(principal, bytes, answer) {
      const own = held.get(principal) ?? 0
      const hasRoom = all + bytes <= BYTES_MAX && own + bytes <= BYTES_OF_ONE_MAX
      if (!hasRoom && bytes > SMALL_BYTES)
        throw new AppError(
          'unavailable',
          'too many answers wait for their readers; read those that were asked for, and ask again',
          { details: { reason: 'busy' }, audience: 'client' },
        )
      add(principal, bytes)
      answer.once('close', () => add(principal, -bytes))
    },
  }
}
