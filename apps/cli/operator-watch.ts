import type { Address, Listener } from '#faces/listen.ts'
import { startOperatorServer } from '#faces/operator-server.ts'
import type { Metrics } from '#wiring/telemetry.ts'

type OnError = (error: unknown, path: string) => void

const toStderr: OnError = (error, path) =>
  void process.stderr.write(`halyard: ${path} could not be answered: ${String(error)}\n`)

/** What is wrong with a service, by what it is about, for whoever asks whether it is ready. */
export type Faults = {
  /** @param why undefined: all is well */
  note(about: string, why: string | undefined): void
  /**
   * Serves `/live`, `/ready` (503 with the reasons) and `/metrics`.
   *
   * @param onError told of an answer that could not be made; it goes to stderr unless given
   * @throws AppError `unavailable` naming the setting where the port is taken
   */
  listen(
    metrics: Pick<Metrics, 'contentType' | 'render'>,
    address: Address,
    onError?: OnError,
  ): Promise<Listener>
}

export function createFaults(): Faults {
  const faults = new Map<string, string>()
  return {
    note(about, why) {
      if (why === undefined) faults.delete(about)
      else faults.set(about, why)
    },
    listen: (metrics, address, onError = toStderr) =>
      startOperatorServer(
        {
          '/live': () => ({ status: 200, body: { status: 'live' } }),
          '/ready': () =>
            faults.size === 0
              ? { status: 200, body: { status: 'ready' } }
              : { status: 503, body: { status: 'not-ready', reasons: Object.fromEntries(faults) } },
          '/metrics': async () => ({
            contentType: metrics.contentType,
            text: await metrics.render(),
          }),
        },
        address,
        onError,
      ),
  }
}
