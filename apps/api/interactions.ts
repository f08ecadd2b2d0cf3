import type { CommandPorts } from '#core/guild/answer-command.ts'
import { openInteractionVerifier, roleRulesOf } from '#wiring/open-roles.ts'
import type { Config } from './config.ts'
import type { Api, ServedChain } from './wire.ts'
import type { Clock } from '#core/clock.ts'

/** What answering commands of Discord takes. */
export type Interactions = {
  readonly verifier: Awaited<ReturnType<typeof openInteractionVerifier>>
  readonly ports: CommandPorts
}

/** Undefined where the configuration has no key of Discord's, or nobody can sign in. */
export async function openInteractions(
  { discord, chains: configured, byDefault }: Config,
  chains: readonly ServedChain[],
  {
    identity,
    points,
    roles,
    clock,
  }: Pick<Api, 'identity' | 'points' | 'roles'> & { readonly clock: Clock },
): Promise<Interactions | undefined> {
  if (!discord || discord.publicKey === null || !identity || !roles) return undefined
  const byId = new Map(chains.map(({ ports }) => [ports.settings.chain.id, ports]))
  return {
    verifier: await openInteractionVerifier(discord.publicKey),
    ports: {
      identity: identity.identity,
      roles,
      rules: roleRulesOf(discord, configured, byDefault),
      ownershipOf(chainId) {
        const ports = byId.get(chainId)
        if (ports) return ports.ownership
        throw new Error(`chain ${chainId} is served`)
      },
      points: points ?? null,
      clock,
      verifyUrl: discord.verifyUrl ?? new URL(discord.redirectUri).origin,
    },
  }
}
