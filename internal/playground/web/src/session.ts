import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { Refused, whoIs, type Viewer } from './api';
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
  /** Why the viewer is not known, in the API's words; empty while all is well. */
  problem: string;
  /** Whether the sign-in dialog is open. */
  asking: boolean;
}

export interface SessionActions {
  /** Resolves to an empty text once signed in, else to what was wrong with the token. */
  signIn(token: string): Promise<string>;
  become(token: string): void;
  signOut(): void;
  ask(open: boolean): void;
  refuse(message: string): void;
}

function initial(config: Config): Session {
  const token = store.read() ?? config.demo?.people[0]?.token ?? null;
  return { token, viewer: null, problem: '', asking: token === null };
}

const words = (reason: unknown) => (reason instanceof Error ? reason.message : String(reason));

/** useSession keeps who is signed in. currentToken is for the fetcher, whose identity must not change with the token. */
export function useSession(config: Config): [Session, SessionActions, () => string | null] {
  const [session, set] = useState(() => initial(config));
  const { token } = session;
  const current = useRef(token);
  current.current = token;
  const known = useRef<string | null>(null);

  useEffect(() => {
    store.write(token);
    if (!token || known.current === token) return;
    const abort = new AbortController();
    whoIs(config.endpoint, token, abort.signal).then(
      (viewer) => abort.signal.aborted || set((s) => ({ ...s, viewer, problem: '' })),
      (reason) => {
        if (abort.signal.aborted) return;
        const refused = reason instanceof Refused;
        set((s) => ({ token: refused ? null : s.token, viewer: null, problem: words(reason), asking: refused || s.asking }));
      }
    );
    return () => abort.abort();
  }, [config.endpoint, token]);

  const become = useCallback((next: string) => {
    known.current = null;
    set((s) => (s.token === next ? { ...s, asking: false } : { token: next, viewer: null, problem: '', asking: false }));
  }, []);
  const signIn = useCallback(
    async (next: string) => {
      try {
        const viewer = await whoIs(config.endpoint, next, new AbortController().signal);
        known.current = next;
        set({ token: next, viewer, problem: '', asking: false });
        return '';
      } catch (reason) {
        return words(reason);
      }
    },
    [config.endpoint]
  );
  const signOut = useCallback(() => set({ token: null, viewer: null, problem: '', asking: true }), []);
  const ask = useCallback((asking: boolean) => set((s) => ({ ...s, asking })), []);
  const refuse = useCallback((problem: string) => set({ token: null, viewer: null, problem, asking: true }), []);

  const actions = useMemo(() => ({ signIn, become, signOut, ask, refuse }), [signIn, become, signOut, ask, refuse]);
  return [session, actions, useCallback(() => current.current, [])];
}
