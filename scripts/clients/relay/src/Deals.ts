// What an application with Relay asks of the API: a list that loads more, a deal that can be fetched anew by its id, and
// a change that is shown before it is answered.
import { graphql } from 'relay-runtime'

export const page = graphql`
  query DealsPageQuery($count: Int!, $cursor: String) {
    ...Deals_list @arguments(count: $count, cursor: $cursor)
  }
`

export const list = graphql`
  fragment Deals_list on Query
  @argumentDefinitions(count: { type: "Int", defaultValue: 25 }, cursor: { type: "String" })
  @refetchable(queryName: "DealsListPaginationQuery") {
    deals(first: $count, after: $cursor, where: { stageKind: { eq: OPEN } }, orderBy: [{ field: CLOSE_DATE }])
      @connection(key: "Deals_deals", filters: ["where", "orderBy"]) {
      edges {
        cursor
        node {
          id
          ...Deals_deal
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

export const deal = graphql`
  fragment Deals_deal on Deal @refetchable(queryName: "DealsDealRefetchQuery") {
    name
    closeDate
    amount {
      amount
      currency
    }
    owner {
      name
    }
    stageHistory(last: 3) {
      stage {
        name
      }
      enteredAt
    }
  }
`

export const step = graphql`
  fragment Deals_updatable_step on Deal @updatable {
    nextStep
  }
`

export const update = graphql`
  mutation DealsUpdateMutation($input: DealUpdateInput!) {
    dealUpdate(input: $input) {
      deal {
        id
        nextStep
        version
        ...Deals_updatable_step
      }
      errors {
        code
        message
        path
      }
    }
  }
`
