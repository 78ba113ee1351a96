import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Refused, whoIs, words, type Viewer } from './api';
import type { Config } from './config';

const key = 'entente.token';

/** The token lives in the tab's session storage only: closing the tab forgets it, and other tabs do not see it. */
const store = {
  read: () => sessionStorage.getItem(key),
  write: (token: string | null) => (token ? sessionStorage.setItem(key, token) : sessionStorage.removeItem(key)),
};

export interface Session {
  token: string | null;
  viewer: Viewer | null;
  /** Whether the API has known some token since the last sign-in, so that it makes sense to ask it for its schema. */
  ready: boolean;
  /** Why the viewer is not known, in the API's words; empty while all is well. */
  problem: string;
  /** Whether the sign-in dialog is open. */
  asking: boolean;
  /** Counts the times that the viewer was asked for again. */
  attempt: number;
}

export interface SessionActions {
  /** Resolves to an empty text once signed in, else to what was wrong with the token. */
  signIn(token: string): Promise<string>;
  become(token: string): void;
  signOut(): void;
  ask(open: boolean): void;
  refuse(message: string): void;
  /** Asks again who is signed in, after a failure that was not the token's. */
  retry(): void;
}

function initial(config: Config): Session {
  const token = store.read() ?? config.demo?.people[0]?.token ?? null;
  return { ...nobody, token, asking: token === null };
}

const nobody: Session = { token: null, viewer: null, ready: false, problem: '', asking: true, attempt: 0 };

/** A demo's tokens change when it is set up anew: a token kept from before gives way to its first person. */
function refused(config: Config, { ready, token }: Session, problem: string): Session {
  const first = config.demo?.people[0]?.token;
  if (!ready && first && first !== token) return { ...nobody, token: first, asking: false };
  return { ...nobody, problem };
}

/** useSession keeps who is signed in. currentToken is for the fetcher, whose identity must not change with the token. */
export function useSession(config: Config): [Session, SessionActions, () => string | null] {
  const [session, set] = useState(() => initial(config));
  const { token, attempt } = session;
  const current = useRef(token);
  current.current = token;
  const known = useRef<string | null>(null);

  useEffect(() => {
    store.write(token);
    if (!token || known.current === token) return;
    const abort = new AbortController();
    whoIs(config.endpoint, token, abort.signal).then(
      (viewer) => abort.signal.aborted || set((s) => ({ ...s, viewer, ready: true, problem: '' })),
      (reason) => {
        if (abort.signal.aborted) return;
        const problem = words(reason);
        set((s) => (reason instanceof Refused ? refused(config, s, problem) : { ...s, viewer: null, ready: true, problem }));
      }
    );
    return () => abort.abort();
  }, [config, token, attempt]);

  const become = useCallback((next: string) => {
    known.current = null;
    set((s) => ({ ...s, token: next, asking: false, ...(s.token !== next && { viewer: null, problem: '' }) }));
  }, []);
  const signIn = useCallback(
    async (next: string) => {
      try {
        const viewer = await whoIs(config.endpoint, next, new AbortController().signal);
        known.current = next;
        set((s) => ({ ...s, token: next, viewer, ready: true, problem: '', asking: false }));
        return '';
      } catch (reason) {
        return words(reason);
      }
    },
    [config.endpoint]
  );
  const signOut = useCallback(() => set(nobody), []);
  const ask = useCallback((asking: boolean) => set((s) => ({ ...s, asking })), []);
  const refuse = useCallback((problem: string) => set({ ...nobody, problem }), []);
  // Not ready until answered, so that a schema that could not be read either is read then.
  const retry = useCallback(() => set((s) => ({ ...s, ready: false, problem: '', attempt: s.attempt + 1 })), []);

  const actions = useMemo(
    () => ({ signIn, become, signOut, ask, refuse, retry }),
    [signIn, become, signOut, ask, refuse, retry]
  );
  return [session, actions, useCallback(() => current.current, [])];
}
