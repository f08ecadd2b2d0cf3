import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A node that is only spoken to by WebSocket, and tells of new heads when it is told to. */
export type WsNode = AsyncDisposable & {
  readonly url: string
  /** How often a client has subscribed. */
  readonly subscriptions: () => number
  /** The authorization of the newest client. */
  readonly authorization: () => string | undefined
  /** Tells every client of a new head. */
  announce(): void
  /** Answers subscriptions with an error from now on. */
  refuse: boolean
  /** Ends every connection. */
  cut(): void
}

/** RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const SHORT_MAX = 125

export async function startWsNode(): Promise<WsNode> {
  const clients = new Set<Socket>()
  let subscriptions = 0
  let authorization: string | undefined
  const server = createServer()
  server.on('upgrade', (request, socket: Socket) => {
    const key = `${request.headers['sec-websocket-key'] ?? ''}${GUID}`
    const accept = createHash('sha1').update(key).digest('base64')
    authorization = request.headers.authorization
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n' +
        `sec-websocket-accept: ${accept}\r\n\r\n`,
    )
    clients.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => clients.delete(socket))
    socket.on('data', (frame: Buffer) => {
      if (!textOf(frame).includes('eth_subscribe')) return
      subscriptions++
      send(socket, node.refuse ? { id: 1, error: { code: -32_601 } } : { id: 1, result: '0x1' })
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const node: WsNode = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    subscriptions: () => subscriptions,
    authorization: () => authorization,
    announce() {
      for (const socket of clients)
        send(socket, { method: 'eth_subscription', params: { subscription: '0x1', result: {} } })
    },
    refuse: false,
    cut() {
      for (const socket of clients) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      node.cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return node
}

/** One text frame, not masked, as a server sends it. */
function send(socket: Socket, said: object): void {
  const text = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...said }))
  if (text.length > SHORT_MAX) throw new Error('this node has short messages only')
  socket.write(Buffer.concat([Buffer.from([0x81, text.length]), text]))
}

/** The text of a short frame, which a client masks. */
function textOf(frame: Buffer): string {
  const length = (frame[1] ?? 0) & 0x7f
  const mask = frame.subarray(2, 6)
  return Buffer.from(
    frame.subarray(6, 6 + length).map((byte, index) => byte ^ (mask[index % 4] as number)),
  ).toString()
}
