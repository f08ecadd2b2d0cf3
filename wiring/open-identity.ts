import { createDiscordOAuth } from '#adapters/discord/oauth.ts'
import { createSecrets } from '#adapters/node/secrets.ts'
import type { Clock } from '#core/clock.ts'
import { createAskingIdentityStore } from '#core/guild/asking-identity-store.ts'
import type { DiscordOAuth, IdentityStore, SignatureVerifier } from '#core/identity/ports.ts'
import type { IdentityPorts } from '#core/identity/sign-in.ts'
import { refuseOldRecords } from './open-ledger.ts'
import { openRoleStore } from './open-roles.ts'
import type { Settings, StoreSetting } from './settings.ts'
import { sha256 } from './system.ts'

/** What signing people in takes. */
export type Identity = AsyncDisposable &
  IdentityPorts & {
    /** Undefined where the configuration says nothing of Discord. */
    readonly discord: DiscordOAuth | undefined
  }

/** A chain whose accounts may sign in. */
type SigningChain = {
  readonly chain: { readonly id: number }
  readonly ports: { readonly signatures: SignatureVerifier }
}

/** How often what has come to its end is removed. */
const SWEEP_MS = 600_000

/**
 * Opens people's sign-ins in the records; undefined where the configuration says nothing of them.
 *
 * @throws AppError `conflict` where the records wait for a migration; `unavailable` where they cannot be used
 */
export async function openIdentity(
  { identity: settings, discord, records }: Pick<Settings, 'identity' | 'discord' | 'records'>,
  chains: readonly SigningChain[],
  clock: Pick<Clock, 'nowMs'>,
): Promise<Identity | undefined> {
  if (!settings) return undefined
  const identity = await openAskingStore(records, discord, clock)
  const verifiers = new Map(chains.map(({ chain, ports }) => [chain.id, ports.signatures]))
  // What cannot be removed now is removed later: nothing depends on it.
  const sweep = setInterval(
    () => void Promise.resolve(identity.forgetExpired(clock.nowMs())).catch(() => undefined),
    SWEEP_MS,
  )
  sweep.unref()
  return {
    identity,
    signatures: {
      verify: async (signed) => (await verifiers.get(signed.chainId)?.verify(signed)) ?? false,
    },
    secrets: createSecrets(settings.secret),
    sha256,
    clock,
    discord: discord ? createDiscordOAuth(discord) : undefined,
    policy: {
      domains: settings.domains,
      uris: settings.uris,
      chainIds: [...verifiers.keys()],
      sessionMs: settings.sessionMs,
      unlinkCoolDownMs: settings.unlinkCoolDownMs,
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweep)
      await identity.close()
    },
  }
}

/** Where roles are given, whoever keeps them is told of people whose wallets or accounts change. */
async function openAskingStore(
  records: StoreSetting,
  discord: Settings['discord'],
  clock: Pick<Clock, 'nowMs'>,
): Promise<IdentityStore> {
  const identity = await openIdentityStore(records)
  if (!discord || discord.roles.length === 0) return identity
  const roles = await openRoleStore(records)
  return {
    ...createAskingIdentityStore(identity, roles, clock),
    async close() {
      await identity.close()
      await roles.close()
    },
  }
}

/** @throws AppError as `openIdentity` does */
export async function openIdentityStore(setting: StoreSetting): Promise<IdentityStore> {
  await refuseOldRecords(setting)
  switch (setting.kind) {
    case 'sqlite': {
      const { openSqliteIdentityStore } = await import('#adapters/sqlite/identity-store.ts')
      return openSqliteIdentityStore(setting.path)
    }
    case 'mongodb': {
      const { openMongoIdentityStore } = await import('#adapters/mongo/identity-store.ts')
      return openMongoIdentityStore(setting.url)
    }
    default:
      return setting satisfies never
  }
}
