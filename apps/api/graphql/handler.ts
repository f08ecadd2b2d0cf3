import type { RequestHandler, Response } from 'express'
import type { DocumentNode, ExecutionArgs, GraphQLError } from 'graphql'
import { createYoga, type Plugin, type YogaServerOptions } from 'graphql-yoga'
import type { Api } from '#api/wire.ts'
import { badRequest, toGraphqlError } from './errors.ts'
import { executeAtHead, subscribeLive } from './execution.ts'
import { createDocuments, type Documents } from './documents.ts'
import { refuseComplex, TOKENS_MAX } from './limits.ts'
import { nameArguments } from './name-arguments.ts'
import { schema } from './schema.ts'

type ServerContext = { readonly res: Response }

/** GraphQL over HTTP. The body of a POST has been parsed already, and is a JSON object. */
export async function createGraphqlHandler(api: Api): Promise<RequestHandler> {
  const { development } = api.config.api
  const yoga = createYoga<ServerContext>({
    schema,
    plugins: [createPlugin(api, createDocuments())],
    maskedErrors: { maskError: (error) => toGraphqlError(error, { development }) },
    // It would keep invalid documents, too.
    parserAndValidationCache: false,
    ...(development ? await graphiql() : { graphiql: false }),
    // The server has its own of these; Yoga's limit of the body makes it three times as slow.
    cors: false,
    logging: false,
    landingPage: false,
    multipart: false,
    maxRequestBodySize: false,
  })
  return (req, res) => void yoga(req, res, { res })
}

const createPlugin = (api: Api, documents: Documents): Plugin<ServerContext> => ({
  onRequestParse({ request, requestParser, setRequestParser }) {
    if (request.method !== 'GET' || !requestParser) return
    setRequestParser((get) => {
      try {
        return requestParser(get)
      } catch {
        throw badRequest('variables and extensions are JSON')
      }
    })
  },
  onParse({ params, parseFn, setParseFn, setParsedDocument }) {
    const { source } = params
    const known = documents.get(typeof source === 'string' ? source : source.body)
    if (known) {
      setParsedDocument(known)
      return
    }
    setParseFn((text, options) => {
      const document: DocumentNode = parseFn(text, { ...options, maxTokens: TOKENS_MAX })
      refuseComplex(document)
      return document
    })
  },
  onValidate({ params, setResult }) {
    const { documentAST } = params
    if (documents.isKnown(documentAST)) {
      setResult([])
      return undefined
    }
    return ({ valid, result, setResult: tell }) => {
      if (valid) documents.keep(documentAST)
      else tell(nameArguments(documentAST, result as GraphQLError[]) as GraphQLError[])
    }
  },
  onExecute({ executeFn, setExecuteFn, context }) {
    setExecuteFn((args: ExecutionArgs) => executeAtHead(api, executeFn, args, context.res))
  },
  onSubscribe({ subscribeFn, setSubscribeFn, args }) {
    const { res } = args.contextValue
    setSubscribeFn((given: ExecutionArgs) => subscribeLive(api, subscribeFn, given, res))
  },
})

/** The page for people who try queries, with all of its parts in one answer: it loads nothing from elsewhere. */
async function graphiql(): Promise<
  Pick<YogaServerOptions<object, object>, 'graphiql' | 'renderGraphiQL'>
> {
  // Nine megabytes of source: only where it is served.
  const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql')
  return { renderGraphiQL, graphiql: { title: 'Halyard GraphQL', defaultQuery: DEFAULT_QUERY } }
}

const DEFAULT_QUERY = `# Everything below is true at one block: _meta says at which.
query Overview {
  _meta {
    block {
      number
      hash
      timestamp
    }
    lag
    lagSeconds
  }
  pools(first: 5) {
    nodes {
      address
      protocol
      token0 {
        symbol
      }
      token1 {
        symbol
      }
      price {
        token0InToken1
      }
      swapCount
    }
  }
  swaps(first: 5) {
    edges {
      cursor
      node {
        pool {
          address
        }
        block {
          number
        }
        amount0
        amount1
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
`
