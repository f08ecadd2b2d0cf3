import type { Cancel, NewStopper } from '#core/clock.ts'

/** Stoppers whose `cancel` is an `AbortSignal`, of which the system's clock hears at once. */
export const newStopper: NewStopper = (...also) => {
  const controller = new AbortController()
  const signals = also.filter((each) => each instanceof AbortSignal)
  const signal = AbortSignal.any([controller.signal, ...signals])
  const polled = also.filter((each) => !signals.includes(each as AbortSignal))
  return {
    cancel: polled.length === 0 ? signal : anyOf(signal, polled),
    stop: () => controller.abort(),
  }
}

const anyOf = (signal: AbortSignal, polled: readonly Cancel[]): Cancel => ({
  get aborted() {
    return signal.aborted || polled.some(({ aborted }) => aborted)
  },
})
