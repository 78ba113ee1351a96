// A small API for working on the page without the real server: `node dev-server.mjs [port]`. It knows four tokens, a
// few deals, a slow field, a mutation and a subscription over server-sent events, and prints the address it listens on.
import { createServer } from 'node:http';
import { buildSchema, getOperationAST, graphql, GraphQLError, parse, subscribe } from 'graphql';

const schema = buildSchema(`
  "Where every question starts."
  type Query {
    "Who is asking, and as what."
    viewer: Viewer!
    "Deals the viewer may see, newest first."
    deals("How many, 1 to 100." first: Int = 25): Deals!
    "Answers after a while, to try Stop."
    slow(ms: Int = 1500): String!
  }
  type Mutation { rename(deal: ID!, name: String!): Deal }
  type Subscription { ticks(count: Int = 3): Int! }
  type Viewer { "Null for a service token." user: User roles: [String!]! org: Org! workQueue: [String!]! }
  type User { name: String! }
  type Org { name: String! }
  type Deals { totalCount: Int! nodes: [Deal!]! }
  type Deal { id: ID! name: String! amount: String @deprecated(reason: "Use *money*.") }
`);

const viewers = {
  'demo-ops': { user: { name: 'Dana Ortiz' }, roles: ['OPS'] },
  'demo-leadership': { user: { name: 'Ruth Adeyemi' }, roles: ['LEADERSHIP'] },
  'demo-sales': { user: { name: 'Sam Whitfield' }, roles: ['SALES', 'SALES_MANAGER'] },
  ent_service: { user: null, roles: ['INTEGRATION'] },
};
const names = ['Hallmark Foods rollout', 'Orchard Logistics renewal', 'Blue Harbor pilot', 'Kestrel Bank expansion'];

const root = (viewer) => ({
  viewer: { ...viewer, org: { name: 'Northwind Revenue' }, workQueue: [`Next for ${viewer.roles[0]}`] },
  deals: ({ first }) => {
    if (first < 1) throw new GraphQLError('first must be 1 to 100.', { extensions: { code: 'BAD_INPUT' } });
    return { totalCount: names.length, nodes: names.slice(0, first).map((name, i) => ({ id: `deal_${i}`, name })) };
  },
  slow: ({ ms }) => new Promise((done) => setTimeout(done, ms, `for ${viewer.roles[0]}`)),
  rename: ({ deal, name }) => ({ id: deal, name }),
  ticks: async function* ({ count }) {
    for (let i = 1; i <= count; i++) {
      await new Promise((done) => setTimeout(done, 50));
      yield { ticks: i };
    }
  },
});

async function stream(res, source, params, rootValue) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  res.write(':\n\n');
  const events = await subscribe({ schema, document: source, rootValue, variableValues: params.variables });
  if (events[Symbol.asyncIterator]) {
    for await (const event of events) res.write(`event: next\ndata: ${JSON.stringify(event)}\n\n`);
  } else {
    res.write(`event: next\ndata: ${JSON.stringify(events)}\n\n`);
  }
  res.end('event: complete\n\n');
}

const server = createServer(async (req, res) => {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  const answer = (status, body) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify(body));
  };
  const viewer = viewers[(req.headers.authorization ?? '').replace(/^Bearer /, '')];
  if (!viewer) {
    const message = 'This token is unknown, revoked or expired. Sign in with another one.';
    return answer(401, { errors: [{ message, extensions: { code: 'UNAUTHENTICATED' } }] });
  }
  const params = JSON.parse(Buffer.concat(chunks));
  const rootValue = root(viewer);
  try {
    const source = parse(params.query);
    if (getOperationAST(source, params.operationName)?.operation === 'subscription') {
      return await stream(res, source, params, rootValue);
    }
  } catch {
    // graphql() below reports what cannot be parsed.
  }
  const { query, variables, operationName } = params;
  answer(200, await graphql({ schema, source: query, rootValue, variableValues: variables, operationName }));
});

server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
