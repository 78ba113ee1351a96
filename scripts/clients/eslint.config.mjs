// graphql-eslint's recommended rules for schemas and its Relay rules, over the published schema. A rule that is off or
// set otherwise has its reason beside it.
import graphql from '@graphql-eslint/eslint-plugin'

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // What has an id of its own implements Node. These have none: they are values, parts of what has one, or what
      // came of an operation. ExternalId's id is another system's, and the contract's name for it.
      '@graphql-eslint/strict-id-in-types': [
        'error',
        {
          acceptedIdTypes: ['ID'],
          acceptedIdNames: ['id'],
          exceptions: {
            types: [
              'AuditChange', 'DealEvent', 'ExternalId', 'KnownPermission', 'Money', 'PageInfo', 'Permission', 'PermissionPolicy', 'PolicyRule', 'RateLimit', 'ReportingLine', 'StageVisit', 'UserError',
              'Viewer',
            ],
            suffixes: ['Connection', 'Edge', 'Payload'],
          },
        },
      ],
      // Lists that can grow are connections; bounded ones (a team's members, a pipeline's stages) are plain lists, and a
      // connection gives its entries as nodes besides.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    },
  },
]
