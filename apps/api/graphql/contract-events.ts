import { listContractEvents, LOOKED_AT_MAX } from '#core/events/list-contract-events.ts'
import { placeOfEvent } from '#core/history/list-events.ts'
import { refuseInverted } from '#core/page.ts'
import { logCursor } from '#api/cursors.ts'
import {
  contractEvent,
  declaredContract,
  type DeclaredContractRow,
} from '#resources/contract-events.ts'
import { builder } from './builder.ts'
import { ROWS_MAX } from './cost.ts'
import { blockOf, forwardArgs, toOpenConnection, toPageRequest } from './paging.ts'
import { typeOf } from './resources.ts'

const ContractEvent = typeOf(contractEvent)

const ContractEventConnection = builder.connectionObject({
  type: ContractEvent,
  name: 'ContractEventConnection',
})

/** A configuration may name any number, and one request asks for all of them at least once. */
function rowsOf(contracts: readonly DeclaredContractRow[]): number {
  let rows = contracts.length
  for (const [, events] of contracts)
    for (const { parameters } of events) rows += 1 + parameters.length
  return Math.min(rows, ROWS_MAX)
}

/** `Query.contracts` and `Query.contractEvents` */
export function addContractEvents(): void {
  builder.queryField('contracts', (t) =>
    t.field({
      type: [typeOf(declaredContract)],
      nullable: false,
      description:
        'Contracts whose events are indexed as the configuration declares them, and these.',
      resolve(_root, _args, { ports, spend }) {
        const contracts = [...ports.declaredContracts]
        spend(rowsOf(contracts), 'query')
        return contracts
      },
    }),
  )
  builder.queryField('contractEvents', (t) =>
    t.field({
      type: ContractEventConnection,
      description:
        'Events of a contract as the configuration declares them, newest first; NOT_INDEXED for a contract that is no ' +
        'such source. A page of one event among many may have fewer than asked for, and still go on.',
      args: {
        contract: t.arg({ type: 'Address', required: true }),
        event: t.arg.string({ description: 'Only this event, by its name or its signature.' }),
        fromBlock: t.arg.int({ description: 'Only events in this block or above.' }),
        toBlock: t.arg.int({ description: 'Only events in this block or below.' }),
        ...forwardArgs,
      },
      async resolve(_root, { contract, event, ...args }, context) {
        const request = toPageRequest(args, logCursor)
        const fromBlock = blockOf(args.fromBlock, 'fromBlock')
        const toBlock = blockOf(args.toBlock, 'toBlock')
        refuseInverted(
          { field: 'fromBlock', value: fromBlock },
          { field: 'toBlock', value: toBlock },
        )
        context.spend(request.limit, request.argument)
        // It may look at more than it gives.
        if (event != null) context.spend(LOOKED_AT_MAX, 'event')
        const page = await listContractEvents(context.ports, context.view(), {
          contract,
          limit: request.limit,
          ...(event != null && { event }),
          ...(fromBlock !== undefined && { fromBlock }),
          ...(toBlock !== undefined && { toBlock }),
          ...(request.after && { after: request.after }),
        })
        return toOpenConnection(page, request, logCursor, placeOfEvent)
      },
    }),
  )
}
