import { userInfo } from 'node:os'

/** Who runs the command, for the record. */
export const ownActor = (): string => `cli:${userName()}`

/** A user without an entry in the system's list has no name. */
function userName(): string {
  try {
    return userInfo().username.replaceAll(/[^A-Za-z0-9:._@~-]/g, '-') || 'unknown'
  } catch {
    return 'unknown'
  }
}
