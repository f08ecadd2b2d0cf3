import type { QuotePorts } from '#core/dex/ports.ts'
import type { QuoteSettings } from '#core/dex/quote-settings.ts'
import type { Costs } from './costs.ts'
import type { Slices } from './in-slices.ts'

/** What every quote of a deployment is made with. */
export type QuoteContext = {
  readonly ports: QuotePorts
  readonly settings: QuoteSettings
  readonly costs: Costs
  /** Where searches take turns. */
  readonly slices: Slices
}
