import { useEffect, useId, useRef, useState, type FormEvent } from 'react';
import { Button, Dialog } from '@graphiql/react';
import type { Session, SessionActions } from './session';

/** SignIn asks for a bearer token. Focus stays in it while it is open; Escape closes it. */
export function SignIn({ session, actions }: { session: Session; actions: SessionActions }) {
  const [problem, setProblem] = useState('');
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useEffect(() => {
    if (session.asking) setProblem(session.problem);
  }, [session.asking, session.problem]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const token = (input.current?.value ?? '').trim().replace(/^Bearer\s+/i, '');
    if (!token) {
      setProblem('Paste a token first.');
      input.current?.focus();
      return;
    }
    if (!/^[\x21-\x7e]+$/.test(token)) {
      setProblem('A token has no spaces and no special characters. Copy it again, whole.');
      input.current?.select();
      return;
    }
    setBusy(true);
    const refused = await actions.signIn(token);
    setBusy(false);
    setProblem(refused);
    if (refused) input.current?.select();
  };

  return (
    <Dialog open={session.asking} onOpenChange={actions.ask}>
      <form className="signin" onSubmit={submit} noValidate>
        <div className="signin-head">
          <Dialog.Title className="signin-title">Sign in</Dialog.Title>
          <Dialog.Close />
        </div>
        <Dialog.Description className="signin-text">
          Paste an API token. You will see what its owner may see. It is kept until you sign out or close this tab.
        </Dialog.Description>
        <label htmlFor={`${id}token`}>Token</label>
        <input
          id={`${id}token`}
          ref={input}
          type="password"
          name="token"
          placeholder="ent_…"
          autoComplete="off"
          autoFocus
          spellCheck={false}
          aria-invalid={problem !== ''}
          aria-describedby={`${id}problem`}
        />
        <p id={`${id}problem`} className="signin-problem" role="alert">
          {problem}
        </p>
        <Button type="submit" className="signin-submit" disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </Dialog>
  );
}
