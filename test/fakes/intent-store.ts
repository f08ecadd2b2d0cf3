import type { Intent, SenderState, Slot } from '#core/relay/intent.ts'
import type { IntentStore } from '#core/relay/ports.ts'

/** Spends and nonces in memory. Several stores may share the tables, as processes share a server. */
export type MemoryIntents = {
  readonly intents: Map<string, Intent>
  readonly slots: Map<string, Slot>
  readonly senders: Map<string, SenderState>
}

export const newMemoryIntents = (): MemoryIntents => ({
  intents: new Map(),
  slots: new Map(),
  senders: new Map(),
})

export function createMemoryIntentStore(tables: MemoryIntents = newMemoryIntents()): IntentStore {
  const { intents, slots, senders } = tables
  const ofSender = (chainId: number, sender: string): Slot[] =>
    [...slots.values()]
      .filter((each) => each.chainId === chainId && each.sender === sender)
      .toSorted((a, b) => a.nonce - b.nonce)
  const nameOf = ({ chainId, sender, nonce }: Omit<Slot, 'intent' | 'signed' | 'version'>) =>
    `${chainId}/${sender}/${nonce}`
  return {
    async insertIntent(intent) {
      if (intents.has(intent.id)) return false
      intents.set(intent.id, intent)
      return true
    },
    intent: async (id) => intents.get(id),
    async replaceIntent(intent) {
      if (intents.get(intent.id)?.version !== intent.version - 1) return false
      intents.set(intent.id, intent)
      return true
    },
    async listIntents(chainId, { states, after, limit }) {
      const found = [...intents.values()].filter(
        (each) =>
          each.chainId === chainId &&
          (!states || states.includes(each.state)) &&
          (after === undefined || each.id > after),
      )
      return found.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
    },
    async insertSlot(slot) {
      if (slots.has(nameOf(slot))) return false
      slots.set(nameOf(slot), slot)
      return true
    },
    slots: async (chainId, { sender, nonce }, limit) =>
      ofSender(chainId, sender)
        .filter((each) => each.nonce >= nonce)
        .slice(0, limit),
    async lastNonce(chainId, sender) {
      let last: number | undefined
      for (const slot of slots.values())
        if (slot.chainId === chainId && slot.sender === sender && !(slot.nonce <= (last ?? -1)))
          last = slot.nonce
      return last
    },
    async replaceSlot(slot) {
      if (slots.get(nameOf(slot))?.version !== slot.version - 1) return false
      slots.set(nameOf(slot), slot)
      return true
    },
    sender: async (chainId, sender) => senders.get(`${chainId}/${sender}`),
    putSender: async (state) => void senders.set(`${state.chainId}/${state.sender}`, state),
  }
}
