import { type Collection, ObjectId } from 'mongodb'
import { AppError } from '#core/errors.ts'
import { isDuplicate } from './errors.ts'

/** One document, which is there while a process is in its turn. */
type TurnDocument = {
  readonly _id: string
  readonly owner: string
  /** Grows as long as its process lives: whoever waits needs no clock that agrees with the owner's. */
  readonly beat: number
}

export type TurnTimes = {
  /** How long nothing may be heard of the process in turn before another takes its place, in milliseconds. */
  readonly silenceMsMax?: number
  /** How long another process may be in its turn, in milliseconds. */
  readonly waitMsMax?: number
}

export type Turn = AsyncDisposable & {
  /** @throws AppError `conflict` where another process has taken the turn */
  confirm(): Promise<void>
}

const SILENCE_MS_MAX = 30_000
/** A migration may write all records. */
const WAIT_MS_MAX = 600_000
/** A beat may be late or lost without harm. */
const BEATS_IN_SILENCE = 6
const POLLS_IN_SILENCE = 60
const ID = 'turn'

/**
 * Waits until no other process is in its turn, and takes it.
 *
 * @throws AppError `unavailable` where another's does not end
 */
export async function takeTurn(
  turns: Collection<TurnDocument>,
  { silenceMsMax = SILENCE_MS_MAX, waitMsMax = WAIT_MS_MAX }: TurnTimes,
  onWait: () => void,
): Promise<Turn> {
  const owner = new ObjectId().toHexString()
  const startedAt = performance.now()
  /** What was last seen of the process in turn, and since when. */
  let seen: { readonly text: string; readonly at: number } | undefined
  while (!(await insert(turns, owner))) {
    const rival = await turns.findOne({ _id: ID })
    if (!rival) continue
    const now = performance.now()
    const text = `${rival.owner}:${rival.beat}`
    if (seen?.text !== text) {
      if (!seen) onWait()
      seen = { text, at: now }
    } else if (now - seen.at > silenceMsMax) {
      const mine = { owner, beat: 0 }
      const { owner: theirs, beat } = rival
      const taken = await turns.updateOne({ _id: ID, owner: theirs, beat }, { $set: mine })
      if (taken.modifiedCount === 1) break
    }
    if (now - startedAt > waitMsMax)
      throw new AppError(
        'unavailable',
        'records: another process migrates them and does not come to an end; let it end or stop it, then try again',
        { details: { field: 'records' } },
      )
    await pause(silenceMsMax / POLLS_IN_SILENCE)
  }
  return keep(turns, owner, silenceMsMax)
}

async function insert(turns: Collection<TurnDocument>, owner: string): Promise<boolean> {
  try {
    await turns.insertOne({ _id: ID, owner, beat: 0 })
    return true
  } catch (error) {
    if (isDuplicate(error)) return false
    throw error
  }
}

function keep(turns: Collection<TurnDocument>, owner: string, silenceMsMax: number): Turn {
  const beat = async (): Promise<boolean> =>
    (await turns.updateOne({ _id: ID, owner }, { $inc: { beat: 1 } })).matchedCount === 1
  // What fails here shows when the turn is confirmed.
  const timer = setInterval(() => void beat().catch(() => false), silenceMsMax / BEATS_IN_SILENCE)
  timer.unref()
  return {
    async confirm() {
      if (await beat()) return
      throw new AppError(
        'conflict',
        'records: this process was not heard of for long, and another one migrates them now; see that it ends well',
        { details: { reason: 'second-writer' } },
      )
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await turns.deleteOne({ _id: ID, owner })
    },
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
