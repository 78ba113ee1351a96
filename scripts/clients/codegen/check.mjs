// graphql-codegen's client preset with strict scalars makes types of the schema and of the documents in src, and tsc
// accepts a typed use of them. What is made is thrown away.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from '@graphql-codegen/cli'

const here = import.meta.dirname
const made = join(here, 'src/gql')
process.chdir(here)
try {
  await generate({
    schema: '../../../schema.graphql',
    documents: ['src/usage.ts'],
    silent: true,
    errorsOnly: true,
    generates: {
      'src/gql/': {
        preset: 'client',
        config: {
          strictScalars: true,
          scalars: { ID: 'string', DateTime: 'string', Date: 'string', Decimal: 'string', CurrencyCode: 'string' },
          enumsAsTypes: false,
        },
      },
    },
  })
  execFileSync(join(here, '../node_modules/.bin/tsc'), ['--project', 'tsconfig.json'], { stdio: 'inherit' })
  console.log('graphql-codegen: strict types, and a typed use that tsc accepts')
} finally {
  rmSync(made, { recursive: true, force: true })
}
