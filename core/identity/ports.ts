import type { Address, Hash, Hex } from '#core/chain.ts'

/** A nonce that was given out and not used yet. Times are milliseconds since 1970. */
export type LoginNonce = {
  readonly nonce: string
  /** Hash of the secret of whoever asked for it: only this one may use it. */
  readonly login: Hash
  readonly expiresAtMs: number
}

/** Somebody who is signed in. The secret of a session is not stored: its hash is. */
export type Session = {
  readonly id: string
  readonly person: string
  /** The wallet that signed. */
  readonly wallet: Address
  /** Counts the tokens that were given for it; only the newest one is good. */
  readonly generation: number
  readonly expiresAtMs: number
  readonly isRevoked: boolean
}

/** A wallet that was proven to be a person's. */
export type ProvenWallet = {
  readonly wallet: Address
  readonly person: string
  readonly provenAtMs: number
}

/** A Discord account that was proven to be a person's. */
export type DiscordAccount = {
  /** Its snowflake, in decimal digits. */
  readonly id: string
  /** As Discord called it when it was linked. */
  readonly name: string
  readonly person: string
  readonly linkedAtMs: number
}

export type LinkOutcome =
  | { readonly status: 'linked'; readonly person: string }
  /** It belongs to somebody else. */
  | { readonly status: 'taken' }
  /** It was unlinked from another person a short while ago. */
  | { readonly status: 'cooling-down'; readonly untilMs: number }

/**
 * People's sign-ins and wallets. Each call is one atomic step: of several at once for the same nonce, session or wallet,
 * one goes first.
 */
export type IdentityStore = {
  putNonce(nonce: LoginNonce): Promise<void>
  /** True for exactly one caller, who named its login and came in time; the nonce is gone then. */
  takeNonce(nonce: string, login: Hash, nowMs: number): Promise<boolean>
  /** Whether it could be taken now. */
  hasNonce(nonce: string, login: Hash, nowMs: number): Promise<boolean>

  putSession(session: Session): Promise<void>
  session(id: string): Promise<Session | undefined>
  /** Raises the generation of a session that is at `generation` and not revoked; false where it is not. */
  rotateSession(id: string, generation: number, expiresAtMs: number): Promise<boolean>
  revokeSession(id: string): Promise<void>
  revokeSessionsOf(person: string): Promise<void>

  /**
   * Gives a wallet to a person; one that is the person's already stays so.
   *
   * @param person undefined: whoever has the wallet, else `newPerson`
   */
  linkWallet(
    wallet: Address,
    person: string | undefined,
    newPerson: string,
    nowMs: number,
  ): Promise<LinkOutcome>
  /** Whose a wallet is; undefined where it is nobody's. */
  personOf(wallet: Address): Promise<string | undefined>
  walletsOf(person: string): Promise<ProvenWallet[]>
  /** Takes a wallet from a person; false where it is not that one's. Others get it from `freeAtMs` on. */
  unlinkWallet(wallet: Address, person: string, freeAtMs: number): Promise<boolean>

  /** Gives a Discord account to a person, as `linkWallet` gives a wallet; one that is the person's already stays so. */
  linkDiscord(
    account: Pick<DiscordAccount, 'id' | 'name'>,
    person: string,
    nowMs: number,
  ): Promise<LinkOutcome>
  /** By id; several only while somebody links several at the same time. */
  discordOf(person: string): Promise<DiscordAccount[]>
  /** Whose a Discord account is; undefined where it is nobody's. */
  personOfDiscord(id: string): Promise<string | undefined>
  /** Takes a Discord account from a person, as `unlinkWallet` takes a wallet. */
  unlinkDiscord(id: string, person: string, freeAtMs: number): Promise<boolean>
  /** Linked accounts by id, behind `after` where it is given. */
  discordAccounts(after: string | null, limit: number): Promise<DiscordAccount[]>

  /** Forgets nonces and sessions that have come to their end. */
  forgetExpired(nowMs: number): Promise<void>
  close(): void | Promise<void>
}

/** Whether a signature is of an account. */
export type SignatureVerifier = {
  /**
   * Accounts with a key (ECDSA) are judged without the chain. All others are asked there: contracts (EIP-1271), contracts
   * that are not deployed yet (EIP-6492), accounts that are delegated (EIP-7702).
   *
   * @param signed its `message` was signed as EIP-191 has it
   * @throws AppError `unavailable` where the chain would have to be asked, and cannot be
   */
  verify(signed: {
    readonly chainId: number
    readonly address: Address
    readonly message: string
    readonly signature: Hex
  }): Promise<boolean>
}

/** What makes and proves secrets. */
export type Secrets = {
  /** 128 random bits as 32 hex digits, from a cryptographic source. */
  random128(): string
  /** Text that only the holder of the service's secret can make of `text`. */
  sign(text: string): string
  /** Whether `signature` is of `text`, in a time that tells nothing. */
  isSigned(text: string, signature: string): boolean
}

/** Discord as people let it tell who they are: OAuth2 with a code and PKCE. */
export type DiscordOAuth = {
  /** Where somebody allows this service to ask. */
  authorizeUrl(of: { readonly state: string; readonly verifier: string }): string
  /**
   * Whose code it is.
   *
   * @throws AppError `invalid` (`bad-code`) for a code that Discord does not take; `unavailable` where it gives no answer
   */
  accountOf(of: {
    readonly code: string
    readonly verifier: string
  }): Promise<Pick<DiscordAccount, 'id' | 'name'>>
}
