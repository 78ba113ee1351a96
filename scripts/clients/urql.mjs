// urql, as an application uses it: two pages by cursor, a mutation, an error.
import assert from 'node:assert/strict'
import { Client, cacheExchange, fetchExchange, gql } from '@urql/core'
import { address, authorization, pageOfDeals, twoPages } from './api.mjs'

const client = new Client({
  url: address,
  preferGetMethod: false,
  fetchOptions: () => ({ headers: { authorization } }),
  exchanges: [cacheExchange, fetchExchange],
})
const first = await client.query(pageOfDeals, { first: 5 }).toPromise()
assert.ifError(first.error)
const second = await client.query(pageOfDeals, { first: 5, after: first.data.deals.pageInfo.endCursor }).toPromise()
assert.ifError(second.error)
twoPages(first.data.deals, second.data.deals, 5)

const step = `Send the offer (${new Date().toISOString()})`
const dealId = first.data.deals.edges[0].node.id
const changed = await client
  .mutation(gql`mutation ($input: DealUpdateInput!) { dealUpdate(input: $input) { deal { id nextStep } errors { message } } }`, { input: { dealId, nextStep: step } })
  .toPromise()
assert.ifError(changed.error)
assert.equal(changed.data.dealUpdate.deal.nextStep, step)

const refused = await client.query(gql`{ deal(id: "deal_00000000000000000000000000") { id } }`, {}).toPromise()
assert.equal(refused.error.graphQLErrors[0].extensions.code, 'NOT_FOUND')

// By GET as well, as a caller with an Authorization header may.
const got = await new Client({ url: address, preferGetMethod: 'force', fetchOptions: { headers: { authorization } }, exchanges: [fetchExchange] })
  .query(gql`{ viewer { roles } }`, {}).toPromise()
assert.ifError(got.error)
assert.ok(got.data.viewer.roles.length > 0)
console.log('urql: two pages, a mutation, an error, a query by GET')
