// What every check needs: where the server is, a token of the demo, and a query with cursors.
import assert from 'node:assert/strict'

export const address = process.env.ENTENTE_API ?? 'http://127.0.0.1:8080/graphql'
export const token = process.env.ENTENTE_TOKEN ?? 'demo-ops'
export const authorization = `Bearer ${token}`

export const pageOfDeals = /* GraphQL */ `
  query PageOfDeals($first: Int!, $after: String) {
    deals(first: $first, after: $after, where: { stageKind: { eq: OPEN } }, orderBy: [{ field: CLOSE_DATE }]) {
      edges {
        cursor
        node { id name amount { amount currency } closeDate owner { id name } }
      }
      pageInfo { hasNextPage endCursor hasPreviousPage startCursor }
    }
  }
`

// twoPages holds two pages of the same list to follow one another.
export function twoPages(first, second, size) {
  assert.equal(first.edges.length, size)
  assert.equal(second.edges.length, size)
  assert.equal(first.pageInfo.endCursor, first.edges.at(-1).cursor)
  assert.equal(second.pageInfo.hasPreviousPage, true)
  const ids = [...first.edges, ...second.edges].map((e) => e.node.id)
  assert.equal(new Set(ids).size, 2 * size, 'an entry is on both pages')
  for (const id of ids) assert.match(id, /^deal_/)
}
