import type { Address } from '#core/chain.ts'
import { addDelegated, type CountDelegatedPorts } from './count-delegated.ts'
import { type CountListedPorts, countListed } from './count-listed.ts'
import { countErc721 } from './count-tokens.ts'
import { countTraits, type CountTraitsPorts } from './count-traits.ts'
import { countErc1155, countErc20 } from './count-units.ts'
import type { Answer, Clause, Reason } from './decision.ts'
import { type LeafRule, needsIndex, type Rule } from './rule.ts'
import type { Finding } from './tally.ts'

export type EvaluatePorts = CountListedPorts & CountDelegatedPorts & CountTraitsPorts

/**
 * What a rule comes to for the wallets of one person, with Kleene's logic of three values: what is not known stays so
 * unless the rest decides.
 *
 * @returns its clauses, the whole rule first
 */
export async function evaluateRule(
  ports: EvaluatePorts,
  rule: Rule,
  wallets: readonly Address[],
  at = 'rule',
): Promise<[Clause, ...Clause[]]> {
  const path = `${at}.${memberOf(rule)}`
  if (!('of' in rule)) {
    const own = await findingOf(ports, rule, wallets)
    const finding = await addDelegated(ports, rule, wallets, own, (leaf, others) =>
      findingOf(ports, leaf, others),
    )
    return [{ path, kind: rule.kind, ...finding }]
  }
  const parts = await Promise.all(
    rule.of.map((part, index) => evaluateRule(ports, part, wallets, placeOf(rule, path, index))),
  )
  const answers = parts.map(([part]) => part)
  const met = answers.filter(({ answer }) => answer === 'yes').length
  const open = answers.filter(({ answer }) => answer === 'unknown').length
  const needed = neededOf(rule)
  const verdict =
    rule.kind === 'not' ? negated(answers[0] as Clause) : counted(answers, needed, met, open)
  return [
    {
      path,
      kind: rule.kind,
      ...verdict,
      needed: BigInt(needed),
      found: BigInt(rule.kind === 'not' ? Number(verdict.answer === 'yes') : met),
      wallets: [],
      tokens: [],
    },
    ...parts.flat(),
  ]
}

/** What clients call a rule. */
const memberOf = ({ kind }: Rule): string => (kind === 'at-least' ? 'atLeast' : kind)

const placeOf = (rule: Rule, path: string, index: number): string =>
  rule.kind === 'not' ? path : `${path}${rule.kind === 'at-least' ? '.of' : ''}[${index}]`

function neededOf(rule: Exclude<Rule, LeafRule>): number {
  switch (rule.kind) {
    case 'all':
      return rule.of.length
    case 'any':
    case 'not':
      return 1
    case 'at-least':
      return rule.count
    default:
      return rule satisfies never
  }
}

type Verdict = { readonly answer: Answer; readonly reason: Reason }

function counted(answers: readonly Clause[], needed: number, met: number, open: number): Verdict {
  if (met >= needed) return { answer: 'yes', reason: 'met' }
  const answer = met + open >= needed ? 'unknown' : 'no'
  const decisive = answers.find((part) => part.answer === answer)
  return { answer, reason: decisive?.reason ?? 'too-few' }
}

function negated({ answer, reason }: Clause): Verdict {
  if (answer === 'unknown') return { answer, reason }
  return answer === 'yes' ? { answer: 'no', reason: 'excluded' } : { answer: 'yes', reason: 'met' }
}

function findingOf(
  ports: EvaluatePorts,
  leaf: LeafRule,
  wallets: readonly Address[],
): Promise<Finding> {
  switch (leaf.kind) {
    case 'erc20':
      return countErc20(ports.ask, leaf, wallets)
    case 'erc1155':
      return countErc1155(ports.ask, leaf, wallets)
    case 'traits':
      return countTraits(ports, leaf, wallets)
    case 'punks':
      return countErc721(ports, leaf, wallets)
    case 'erc721':
      return needsIndex(leaf)
        ? countListed(ports, leaf, wallets)
        : countErc721(ports, leaf, wallets)
    default:
      return leaf satisfies never
  }
}
