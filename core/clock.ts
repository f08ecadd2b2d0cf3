/** The part of `AbortSignal` that core looks at. */
export type Cancel = { readonly aborted: boolean }

/** Time as a port, so that simulations own it. */
export type Clock = {
  /** Milliseconds since 1970, for people and records only: never for a timeout. */
  nowMs(): number
  /** Milliseconds that only ever grow, for durations. */
  monotonicMs(): number
  /** Resolves after `ms`, or at once when `cancel` is or gets aborted. */
  sleep(ms: number, cancel?: Cancel): Promise<void>
}

/** Ends what sleeps or looks at it. */
type Stopper = { readonly cancel: Cancel; stop(): void }

/** @param also those that stop it too */
export type NewStopper = (...also: readonly Cancel[]) => Stopper
