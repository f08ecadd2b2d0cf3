import { type OperationId, operationId } from '#core/ledger/operation.ts'
import type { EarningRule } from './rule.ts'

/** Whose keys those of earnings are. */
export const EARNING_SCOPE = 'earning'

/** An earning by what it is for. All that follows from the chain, so that the same earning has the same name everywhere. */
export type EarningName = {
  readonly rule: string
  readonly chainId: number
  /** The index of the period. */
  readonly period: number
  readonly subject: string
  readonly version: number
  /** Counts the times that it was earned anew, since what it stood on had left the chain. */
  readonly attempt: number
}

/** All earnings of one rule in one period have keys that begin so. */
export const periodPrefix = (rule: string, chainId: number, period: number): string =>
  `${rule}:${chainId}:${period}:`

export const keyOfEarning = (name: EarningName): string =>
  `${periodPrefix(name.rule, name.chainId, name.period)}${name.subject}:v${name.version}.${name.attempt}`

export const idOfKey = (key: string): OperationId => operationId(EARNING_SCOPE, key)

const EARNING = /^earning\/([a-z][a-z0-9-]*):(\d+):(\d+):(.+):v(\d+)\.(\d+)$/

/** Undefined for what names no earning. */
export function parseEarning(id: OperationId): EarningName | undefined {
  const [, rule, chainId, period, subject, version, attempt] = EARNING.exec(id) ?? []
  if (rule === undefined || subject === undefined) return undefined
  return {
    rule,
    chainId: Number(chainId),
    period: Number(period),
    subject,
    version: Number(version),
    attempt: Number(attempt),
  }
}

/** Of the note that a period was closed with. */
export const keyOfClosing = ({ name }: EarningRule, chainId: number, period: number): string =>
  `close:${name}:${chainId}:${period}`
