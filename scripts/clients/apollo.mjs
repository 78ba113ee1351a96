// Apollo Client, as an application uses it: a normalised cache, relayStylePagination, fetchMore, an update by mutation.
import assert from 'node:assert/strict'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { relayStylePagination } from '@apollo/client/utilities'
import { address, authorization, pageOfDeals, twoPages } from './api.mjs'

const client = new ApolloClient({
  link: new HttpLink({ uri: address, headers: { authorization } }),
  cache: new InMemoryCache({
    typePolicies: { Query: { fields: { deals: relayStylePagination(['where', 'orderBy']) } } },
  }),
})
const query = gql(pageOfDeals)
const first = (await client.query({ query, variables: { first: 5 } })).data.deals
const list = client.watchQuery({ query, variables: { first: 5 } })
const watched = list.subscribe(() => {})
const more = await list.fetchMore({ variables: { first: 5, after: first.pageInfo.endCursor } })

// The cache has put the pages together, and knows each deal by its id.
const merged = client.readQuery({ query, variables: { first: 5 } })
assert.equal(merged.deals.edges.length, 10, 'relayStylePagination merges pages')
twoPages(first, more.data.deals, 5)
const { id, name } = merged.deals.edges[0].node
const cached = client.cache.extract()
assert.ok(cached[`Deal:${id}`], 'deals are normalised by their id')

const step = `Call back (${new Date().toISOString()})`
const changed = await client.mutate({
  mutation: gql`mutation ($input: DealUpdateInput!) { dealUpdate(input: $input) { deal { id name nextStep version } errors { code message path } } }`,
  variables: { input: { dealId: id, nextStep: step } },
})
assert.deepEqual(changed.data.dealUpdate.errors, [])
assert.equal(changed.data.dealUpdate.deal.nextStep, step)
assert.equal(changed.data.dealUpdate.deal.name, name)
assert.equal(client.cache.extract()[`Deal:${id}`].nextStep, step, 'the mutation updates the cached deal')

// An error is an error, with its code, and the rest is there.
const refused = await client.query({
  query: gql`{ node(id: "deal_00000000000000000000000000") { id } }`,
  errorPolicy: 'all',
  fetchPolicy: 'no-cache',
})
assert.equal(refused.error.errors[0].extensions.code, 'NOT_FOUND')
watched.unsubscribe()
client.stop()
console.log('apollo: two pages, a normalised cache, a mutation, an error')
