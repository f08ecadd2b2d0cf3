import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
/** Frees what nothing holds, but for the memory of buffers, which another thread may free later. */
export const collectGarbage = runInNewContext('gc') as () => void

/**
 * Bytes of array buffers that something still holds.
 *
 * A collection only marks the buffers that nothing holds: another thread frees them, at once or
 * later. The next collection begins by waiting for that thread.
 */
export function heldBytes(): number {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}
