// A typed use of the generated client, which tsc must accept, and wrong uses, which it must refuse.
import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { graphql, useFragment, type FragmentType } from './gql'
import { StageKind, type DealUpdateInput } from './gql/graphql'

const DealCard = graphql(`
  fragment DealCard on Deal {
    id
    name
    amount { amount currency }
    closeDate
    createdAt
    stage { name kind }
  }
`)

const Board = graphql(`
  query Board($first: Int!, $after: String, $where: DealFilter) {
    deals(first: $first, after: $after, where: $where) {
      edges { cursor node { id ...DealCard } }
      pageInfo { hasNextPage endCursor }
      totalCount
    }
  }
`)

const Update = graphql(`
  mutation Update($input: DealUpdateInput!) {
    dealUpdate(input: $input) { deal { id version } errors { code message path } }
  }
`)

declare function ask<R, V>(document: TypedDocumentNode<R, V>, variables: V): Promise<R>

export function card(deal: FragmentType<typeof DealCard>): string {
  const d = useFragment(DealCard, deal)
  const closes: string | null | undefined = d.closeDate // a Date is mapped to string: strict scalars leave no any
  const amount: string | undefined = d.amount?.amount // a Decimal never becomes a float
  // @ts-expect-error a Decimal is no number
  const wrong: number | undefined = d.amount?.amount
  return `${d.name} ${amount ?? wrong ?? ''} ${d.amount?.currency ?? ''} ${closes ?? ''} ${d.stage?.kind === StageKind.Won}`
}

export async function board(after: string | null): Promise<string[]> {
  const answer = await ask(Board, { first: 25, after, where: { stageKind: { eq: StageKind.Open }, closeDate: { gte: '2026-01-01' } } })
  const total: number | null | undefined = answer.deals.totalCount
  // @ts-expect-error the page's size is required
  void ask(Board, { after })
  return answer.deals.edges.map((e) => card(e.node)).concat(String(total ?? ''))
}

export function update(input: DealUpdateInput) {
  // @ts-expect-error the deal must be named
  const nameless: DealUpdateInput = { name: 'x' }
  return ask(Update, { input: { ...nameless, ...input, amount: { amount: '17.50', currency: 'USD' }, nextStep: null } })
}
