// PostGraphile as its documentation sets it up for production, with a process for each processor, as the app role and
// with the org set in each transaction: under the row level security that the program is under.
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import { availableParallelism } from 'node:os'
import { grafserv } from 'grafserv/node'
import { postgraphile } from 'postgraphile'
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber'
import { makePgService } from 'postgraphile/adaptors/pg'

const cores = availableParallelism()
const [host, port] = process.env.LISTEN.split(':')

if (cluster.isPrimary) {
  for (let i = 0; i < cores; i++) cluster.fork()
  process.on('SIGINT', () => process.exit(0))
} else {
  const preset = {
    extends: [PostGraphileAmberPreset],
    pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ['public'], poolConfig: { max: cores + 1 } })],
    grafast: { context: () => ({ pgSettings: { 'entente.org_id': process.env.ORG } }), explain: false },
    grafserv: { graphiql: false, watch: false, dangerouslyAllowAllCORSRequests: false },
  }
  const server = createServer((request, response) => {
    if (request.url === '/ready') response.end('ready')
  })
  const serv = postgraphile(preset).createServ(grafserv)
  server.removeAllListeners('request')
  await serv.addTo(server)
  const answer = server.listeners('request')
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (request.url === '/ready') return response.end('ready')
    for (const listener of answer) listener(request, response)
  })
  server.listen(Number(port), host)
}
