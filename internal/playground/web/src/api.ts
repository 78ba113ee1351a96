import type { Fetcher, FetcherParams } from '@graphiql/toolkit';
import type { ExecutionResult } from 'graphql';
import { readEvents } from './events';
import { chosenOperation } from './operation';

/** Refused is an answer by which the API does not know the token, as opposed to one that merely failed. */
export class Refused extends Error {}

export interface Viewer {
  /** Null for a service token, which acts for no person. */
  user: { name: string } | null;
  roles: string[];
  org: { name: string } | null;
}

export const words = (reason: unknown) => (reason instanceof Error ? reason.message : String(reason));

interface Call {
  endpoint: string;
  token: string | null;
  params: FetcherParams;
  accept: string;
  signal: AbortSignal;
}

async function send({ endpoint, token, params, accept, signal }: Call): Promise<Response> {
  const headers: Record<string, string> = { 'Content-Type': 'application/json', Accept: accept };
  if (token) headers.Authorization = `Bearer ${token}`;
  try {
    return await fetch(endpoint, {
      method: 'POST',
      headers,
      body: JSON.stringify(params),
      credentials: 'omit',
      cache: 'no-store',
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error('The server cannot be reached. Check that it is running, then try again.');
  }
}

async function readResult(response: Response): Promise<ExecutionResult> {
  const text = await response.text();
  try {
    const result: unknown = JSON.parse(text);
    if (typeof result === 'object' && result !== null) return result;
  } catch {
    // Not JSON: a proxy or an overloaded server speaking for itself. The status says more than the text.
  }
  const wait = response.headers.get('Retry-After');
  const again = wait ? `Try again in ${wait} seconds.` : 'Try again.';
  throw new Error(`The server answered with status ${response.status} and no result. ${again}`);
}

function refusal(status: number, result: ExecutionResult): string | null {
  const unknown = result.errors?.find((e) => e.extensions?.code === 'UNAUTHENTICATED');
  if (unknown) return unknown.message;
  return status === 401 ? (result.errors?.[0]?.message ?? 'The API does not accept this token.') : null;
}

const json = 'application/graphql-response+json, application/json;q=0.9';

/** whoIs asks the API whom a token signs in. It throws Refused with the API's own message if nobody. */
export async function whoIs(endpoint: string, token: string, signal: AbortSignal): Promise<Viewer> {
  const params = { query: 'query Playground { viewer { user { name } roles org { name } } }', operationName: 'Playground' };
  const response = await send({ endpoint, token, params, accept: json, signal });
  const result = await readResult(response);
  const refused = refusal(response.status, result);
  if (refused) throw new Refused(refused);
  const viewer = result.data?.viewer as Viewer | null | undefined;
  if (viewer) return viewer;
  if (result.errors?.[0]) throw new Error(result.errors[0].message);
  throw new Refused('This token signs nobody in.');
}

/**
 * createFetcher is what GraphiQL runs operations and introspection through. Each run is an observable, so that Stop, a
 * change of tab and a change of person abort the request itself: an answer meant for one person never reaches the next.
 * Results are asked for whole, not in increments.
 */
export function createFetcher(endpoint: string, token: () => string | null, onRefused: (message: string) => void): Fetcher {
  return (asked) => ({
    subscribe(sink: unknown) {
      const { next, error, complete } = sink as Sink;
      const abort = new AbortController();
      const operation = chosenOperation(asked.query, asked.operationName);
      const live = operation?.operation === 'subscription';
      const params = { ...asked, operationName: operation?.name?.value };
      const call = { endpoint, token: token(), params, accept: live ? 'text/event-stream' : json, signal: abort.signal };
      const run = async () => {
        const response = await send(call);
        if (response.body && response.headers.get('Content-Type')?.startsWith('text/event-stream')) {
          for await (const event of readEvents(response.body)) {
            if (event.name === 'next') next(JSON.parse(event.data));
            if (event.name === 'complete') break;
          }
          return;
        }
        const result = await readResult(response);
        if (abort.signal.aborted) return;
        next(result);
        const refused = refusal(response.status, result);
        if (refused) onRefused(refused);
      };
      run().then(
        () => abort.signal.aborted || complete(),
        // As plain data: GraphiQL would show an Error with its stack.
        (reason) => abort.signal.aborted || error({ message: words(reason) })
      );
      return { unsubscribe: () => abort.abort() };
    },
  });
}

interface Sink {
  next(result: ExecutionResult): void;
  error(reason: unknown): void;
  complete(): void;
}
