/** A slash command as people see it in Discord. */
export type CommandForm = {
  readonly name: 'verify' | 'points' | 'why'
  readonly description: string
  readonly options: readonly {
    readonly name: string
    readonly description: string
    readonly kind: 'role' | 'text'
  }[]
}

/** The commands that a bot of Halyard has. */
export const commandForms: readonly CommandForm[] = [
  {
    name: 'verify',
    description: 'Link your wallets, and have your roles looked at now',
    options: [],
  },
  {
    name: 'points',
    description: 'Show what your accounts have',
    options: [{ name: 'asset', description: 'Of which asset', kind: 'text' }],
  },
  {
    name: 'why',
    description: 'Say why you have a role, or why not',
    options: [{ name: 'role', description: 'Only this role', kind: 'role' }],
  },
]
