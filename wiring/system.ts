/*
 * What the process itself offers. An app takes it from here, so that no file of an app depends on how it is done.
 */
export { environment } from '#adapters/env/environment.ts'
export { systemClock } from '#adapters/node/clock.ts'
export { newId } from '#adapters/node/new-id.ts'
export { ownName } from '#adapters/node/own-name.ts'
export { sha256 } from '#adapters/node/sha256.ts'
