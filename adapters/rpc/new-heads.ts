import { WebSocket } from 'undici'
import type { ErrorDetails } from '#core/errors.ts'
import type { NewHeads } from '#core/indexing/ports.ts'

export type NewHeadsOptions = {
  /** Told once of each endpoint that cannot be subscribed to, until it can. */
  readonly warn?: ((message: string, details: ErrorDetails) => void) | undefined
  /** How long nothing may be heard before the block time is known, in milliseconds. */
  readonly silenceMsFirst?: number
  /** The least time after which silence counts, however short the block time. */
  readonly silenceMsMin?: number
  readonly retryMsFirst?: number
}

export type RpcNewHeads = NewHeads & { close(): void }

/** An endpoint that says nothing for so many block times is left. */
const SILENT_BLOCKS = 3
const SILENCE_MS_FIRST = 60_000
const SILENCE_MS_MIN = 5_000
/** A chain may well make no blocks for a while; connecting anew now and then costs nothing. */
const SILENCE_MS_MAX = 120_000
/** Weight of the newest gap between blocks in the usual one. */
const GAP_WEIGHT = 0.2
/** The pause before an endpoint is tried again doubles from the first up to this. */
const RETRY_MS_FIRST = 500
const RETRY_MS_MAX = 30_000

/**
 * Subscribes to new heads (`eth_subscribe`, geth's publish and subscribe) of one endpoint at a time, and goes to the
 * next where that one closes, refuses, or is silent. A follower is woken by it and asks by HTTP what there is: so a
 * head that is missed, told twice or made up costs a poll and no more, and what came meanwhile is found by the parents
 * of the newest block.
 *
 * @param urls ws or wss; a user and password in one are sent as HTTP's basic authorization
 */
export function createRpcNewHeads(
  urls: readonly string[],
  options: NewHeadsOptions = {},
): RpcNewHeads {
  const { silenceMsFirst = SILENCE_MS_FIRST, silenceMsMin = SILENCE_MS_MIN } = options
  const { retryMsFirst = RETRY_MS_FIRST, warn } = options
  const warned = new Set<string>()
  const waiting = new Set<() => void>()
  let isTold = false
  let socket: WebSocket | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let tries = 0
  let isClosed = false
  let lastAt: number | undefined
  let gapMs: number | undefined

  function tell(): void {
    isTold = true
    for (const wake of waiting) wake()
  }

  function heard(name: string): void {
    tries = 0
    warned.delete(name)
    const now = performance.now()
    if (lastAt !== undefined) {
      const gap = now - lastAt
      gapMs = gapMs === undefined ? gap : gapMs + (gap - gapMs) * GAP_WEIGHT
    }
    lastAt = now
    tell()
  }

  const silenceMs = (): number =>
    gapMs === undefined
      ? silenceMsFirst
      : Math.min(Math.max(SILENT_BLOCKS * gapMs, silenceMsMin), SILENCE_MS_MAX)

  function connect(): void {
    const url = new URL(urls[tries % urls.length] as string)
    const { origin: name } = url
    const mine = openSocket(url)
    socket = mine
    const leave = (reason: string, isNews = true): void => {
      if (socket !== mine || isClosed) return
      socket = undefined
      mine.close()
      if (isNews && !warned.has(name)) {
        warned.add(name)
        const message = `${name}: new blocks are not told of (${reason}); they are polled, and it is tried again`
        warn?.(message, { field: 'chain.rpc', endpoint: name })
      }
      lastAt = undefined
      tries++
      // What came while nobody told of it.
      tell()
      // At once where another endpoint was not tried yet.
      const round = Math.floor(tries / urls.length)
      const ms = round === 0 ? 0 : Math.min(retryMsFirst * 2 ** (round - 1), RETRY_MS_MAX)
      restartTimer(connect, ms)
    }
    const listen = (): void => restartTimer(() => leave('it is silent', false), silenceMs())
    listen()
    mine.addEventListener('open', () =>
      mine.send(
        JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }),
      ),
    )
    mine.addEventListener('message', ({ data }) => {
      if (socket !== mine) return
      const said = kindOf(data)
      if (said === 'refused') leave('it refuses eth_subscribe')
      if (said !== 'head') return
      heard(name)
      listen()
    })
    mine.addEventListener('close', () => leave('the connection closed'))
    mine.addEventListener('error', () => leave('it cannot be connected to'))
  }

  function restartTimer(then: () => void, ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(then, ms)
    // Whoever waits keeps the process alive; this does not.
    timer.unref()
  }

  connect()
  return {
    async wait(ms, cancel) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const sleeping = setTimeout(resolve, ms)
      const signal = cancel instanceof AbortSignal ? cancel : undefined
      const wake = (): void => resolve()
      signal?.addEventListener('abort', wake)
      waiting.add(wake)
      if (!isTold && !cancel.aborted) await promise
      waiting.delete(wake)
      signal?.removeEventListener('abort', wake)
      clearTimeout(sleeping)
      isTold = false
    },
    close() {
      isClosed = true
      clearTimeout(timer)
      socket?.close()
    },
  }
}

function openSocket(url: URL): WebSocket {
  const { username, password } = url
  if (username === '' && password === '') return new WebSocket(url)
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`
  return new WebSocket(bare, { headers: { authorization } })
}

/** What a message is; nothing else of it is looked at. */
function kindOf(data: unknown): 'head' | 'refused' | 'other' {
  if (typeof data !== 'string') return 'other'
  try {
    const said = JSON.parse(data) as { method?: unknown; error?: unknown } | null
    if (said?.method === 'eth_subscription') return 'head'
    return said?.error === undefined ? 'other' : 'refused'
  } catch {
    return 'other'
  }
}
