// relay-compiler accepts the schema and compiles the project in src. What it makes is looked at and thrown away.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const here = import.meta.dirname
const made = join(here, 'src/__generated__')
rmSync(made, { recursive: true, force: true })
mkdirSync(made)
try {
  const cli = join(dirname(createRequire(import.meta.url).resolve('relay-compiler/package.json')), 'cli.js')
  execFileSync(process.execPath, [cli, 'relay.config.json', '--noWatchman'], { cwd: here, stdio: ['ignore', 'pipe', 'inherit'] })
  const refetch = readFileSync(join(made, 'DealsDealRefetchQuery.graphql.ts'), 'utf8')
  assert.match(refetch, /node\(/, 'a deal is fetched anew through node(id)')
  const more = readFileSync(join(made, 'DealsListPaginationQuery.graphql.ts'), 'utf8')
  assert.match(more, /\$cursor/, 'the list loads more by a cursor')
  for (const artifact of ['DealsUpdateMutation', 'Deals_updatable_step']) readFileSync(join(made, `${artifact}.graphql.ts`))
  console.log('relay: a list with a cursor, a refetchable deal, an updatable mutation')
} finally {
  rmSync(made, { recursive: true, force: true })
}
