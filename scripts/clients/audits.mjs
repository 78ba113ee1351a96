// Runs every audit of the GraphQL-over-HTTP audit suite against a running server.
//
//   node audits.mjs URL TOKEN        such as http://127.0.0.1:8080/graphql demo-leadership
import { auditServer } from 'graphql-http'

const [url, token] = process.argv.slice(2)
if (!url || !token) {
  console.error('usage: node audits.mjs URL TOKEN')
  process.exit(2)
}

const results = await auditServer({
  url,
  fetchFn: (target, init = {}) => fetch(target, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } }),
})
const missed = results.filter((r) => r.status !== 'ok')
for (const r of missed) {
  console.error(`${r.status}  ${r.id}  ${r.name}\n        ${r.reason}`)
}
console.log(`${results.length - missed.length} of ${results.length} audits passed`)
process.exit(missed.length === 0 ? 0 : 1)
