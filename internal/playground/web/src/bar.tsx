import { useRef } from 'react';
import { ChevronDownIcon, DropdownMenu, UnStyledButton, useGraphiQL } from '@graphiql/react';
import type { Config, Person, Question } from './config';
import type { Session, SessionActions } from './session';
import { useFreshResults, useOpenQuestion, useSystemTheme } from './workspace';

const otherToken = 'token';

/** Bar says who is signed in, and in demo mode offers the people to be and the questions to ask. */
export function Bar({ config, session, actions }: { config: Config; session: Session; actions: SessionActions }) {
  useFreshResults(session.token);
  useSystemTheme();
  const { demo } = config;
  return (
    <header className="graphiql-container bar">
      <Mark />
      <h1 className="bar-name">
        Entente <span>playground</span>
      </h1>
      {demo && demo.questions.length > 0 && <Questions questions={demo.questions} />}
      <div className="bar-space" />
      <Who session={session} person={demo?.people.find((p) => p.token === session.token)} retry={actions.retry} />
      {demo && demo.people.length > 0 && <PersonSwitch people={demo.people} session={session} actions={actions} />}
      {session.token ? (
        <UnStyledButton type="button" className="bar-button" onClick={actions.signOut}>
          Sign out
        </UnStyledButton>
      ) : (
        <UnStyledButton type="button" className="bar-button bar-button-main" onClick={() => actions.ask(true)}>
          Sign in
        </UnStyledButton>
      )}
    </header>
  );
}

function Mark() {
  return (
    <svg className="bar-mark" viewBox="0 0 32 32" fill="none" strokeWidth="4" aria-hidden="true">
      <circle cx="12" cy="16" r="8" />
      <circle cx="20" cy="16" r="8" />
    </svg>
  );
}

function Questions({ questions }: { questions: Question[] }) {
  const open = useOpenQuestion();
  const editor = useGraphiQL((state) => state.queryEditor);
  const chosen = useRef(false);
  return (
    <DropdownMenu>
      <DropdownMenu.Button className="bar-button bar-questions" disabled={!editor}>
        Questions
        <ChevronDownIcon aria-hidden="true" />
      </DropdownMenu.Button>
      <DropdownMenu.Content
        className="questions"
        aria-label="Questions"
        onCloseAutoFocus={(event) => {
          if (!chosen.current) return;
          chosen.current = false;
          event.preventDefault();
          editor?.focus();
        }}
      >
        {questions.map((question) => (
          <DropdownMenu.Item
            key={`${question.role} ${question.title}`}
            className="question"
            onSelect={() => {
              chosen.current = true;
              open(question);
            }}
          >
            <span>{question.title}</span> <small>{question.role}</small>
          </DropdownMenu.Item>
        ))}
      </DropdownMenu.Content>
    </DropdownMenu>
  );
}

/** Who shows the signed-in viewer as the API sees it, which in demo mode is more than the switch can know. */
function Who({ session, person, retry }: { session: Session; person: Person | undefined; retry(): void }) {
  const { viewer, token, problem } = session;
  if (problem && token && !session.asking) {
    return (
      <>
        <p className="bar-who bar-problem" role="status" title={problem}>
          {problem}
        </p>
        <UnStyledButton type="button" className="bar-button" onClick={retry}>
          Try again
        </UnStyledButton>
      </>
    );
  }
  if (!viewer) {
    return (
      <p className="bar-who" role="status">
        {token ? 'Signing in…' : 'Not signed in'}
      </p>
    );
  }
  const roles = viewer.roles.join(', ');
  const name = viewer.user?.name ?? 'Service token';
  return (
    <p className="bar-who" role="status" title={[name, roles, viewer.org?.name].filter(Boolean).join(' · ')}>
      <strong>{name}</strong>
      <span>
        {person?.title || roles}
        {viewer.org && <span className="bar-org"> · {viewer.org.name}</span>}
      </span>
    </p>
  );
}

function PersonSwitch(props: { people: Person[]; session: Session; actions: SessionActions }) {
  const { people, session, actions } = props;
  const known = people.some((p) => p.token === session.token);
  return (
    <label className="bar-person">
      <span aria-hidden="true">Person</span>
      <select
        aria-label="Person"
        value={known ? session.token! : session.token ? otherToken : ''}
        onChange={({ target }) => (target.value === otherToken ? actions.ask(true) : actions.become(target.value))}
      >
        {!session.token && (
          <option value="" disabled>
            Choose a person
          </option>
        )}
        {people.map((person) => (
          <option key={person.token} value={person.token}>
            {person.name} — {person.role}
          </option>
        ))}
        <option value={otherToken}>{known || !session.token ? 'Use a token…' : 'Own token'}</option>
      </select>
      <ChevronDownIcon aria-hidden="true" />
    </label>
  );
}
