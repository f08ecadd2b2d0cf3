/**
 * A pause of half to one and a half times `ms`, so that two who failed together do not come back together.
 *
 * @param newId what the chance is drawn from, which a simulation can give again
 */
export function jittered(ms: number, newId: () => string): number {
  let drawn = 0
  for (const letter of newId()) drawn = (drawn * 31 + letter.charCodeAt(0)) % 1_000
  return Math.round(ms * (0.5 + drawn / 1_000))
}
