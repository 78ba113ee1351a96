// Compares schema.graphql with what it was at the last tag. A change that breaks a client fails; those that may surprise
// one are told. Without a tag nothing has been promised yet.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CriticalityLevel, diff } from '@graphql-inspector/core'
import { buildSchema } from 'graphql'

const root = join(import.meta.dirname, '../..')
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

let tag = process.argv[2]
if (!tag) {
  try {
    tag = git('describe', '--tags', '--abbrev=0', 'HEAD').trim()
  } catch {
    console.log('schema diff: there is no tag yet, so nothing that clients rely on')
    process.exit(0)
  }
}
let before
try {
  before = git('show', `${tag}:schema.graphql`)
} catch {
  console.log(`schema diff: ${tag} has no schema.graphql, so nothing that clients rely on`)
  process.exit(0)
}
const changes = await diff(buildSchema(before), buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8')))
const of = (level) => changes.filter((c) => c.criticality.level === level)
for (const c of of(CriticalityLevel.Dangerous)) console.log(`may surprise a client: ${c.message}`)
const breaking = of(CriticalityLevel.Breaking)
for (const c of breaking) console.error(`breaks clients: ${c.message}`)
console.log(`schema diff: ${changes.length} changes since ${tag}, ${breaking.length} of them breaking`)
process.exit(breaking.length > 0 ? 1 : 0)
