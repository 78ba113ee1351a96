// graphql-ws: queries over WebSocket, by the graphql-transport-ws protocol.
import assert from 'node:assert/strict'
import { createClient } from 'graphql-ws'
import WebSocket from 'ws'
import { address, authorization, pageOfDeals, twoPages } from './api.mjs'

const url = address.replace(/^http/, 'ws')
const client = createClient({ url, webSocketImpl: WebSocket, connectionParams: { authorization, Authorization: authorization }, retryAttempts: 0 })
async function ask(variables) {
  for await (const answer of client.iterate({ query: pageOfDeals, variables })) {
    assert.equal(answer.errors, undefined, JSON.stringify(answer.errors))
    return answer.data.deals
  }
  assert.fail('the operation completed without an answer')
}
const first = await ask({ first: 5 })
twoPages(first, await ask({ first: 5, after: first.pageInfo.endCursor }), 5)
await client.dispose()

// Without a token the connection is refused, with a code of the protocol.
const stranger = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 })
const refusal = await new Promise((resolve) => {
  stranger.subscribe({ query: '{ viewer { roles } }' }, { next: resolve, error: resolve, complete: () => resolve(null) })
})
assert.ok(refusal && !refusal.data, 'a connection without a token was answered')
console.log('graphql-ws: two pages over WebSocket, and a stranger refused')
