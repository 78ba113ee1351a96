import { useCallback, useEffect, useRef } from 'react';
import { pick, useGraphiQL, useGraphiQLActions, type SlicesWithActions } from '@graphiql/react';
import type { Question } from './config';
import { chosenOperation } from './operation';

type Key =
  | 'tabs'
  | 'activeTabIndex'
  | 'queryEditor'
  | 'variableEditor'
  | 'responseEditor'
  | 'operationName'
  | 'isFetching'
  | 'schema';

const slice = pick<SlicesWithActions, Key>(
  'tabs',
  'activeTabIndex',
  'queryEditor',
  'variableEditor',
  'responseEditor',
  'operationName',
  'isFetching',
  'schema'
);

/**
 * useFreshResults forgets every result, in all tabs, when somebody else signs in, and asks the current query anew. A
 * mutation or a subscription is not run again by itself.
 */
export function useFreshResults(token: string | null) {
  const state = useGraphiQL(slice);
  const actions = useGraphiQLActions();
  const latest = useRef(state);
  latest.current = state;
  const previous = useRef(token);

  useEffect(() => {
    if (previous.current === token) return;
    previous.current = token;
    const { tabs, activeTabIndex, queryEditor, variableEditor, responseEditor, isFetching, schema, operationName } =
      latest.current;
    if (!queryEditor) return;
    const asked = isFetching || Boolean(responseEditor?.getValue());
    const query = queryEditor.getValue();
    const variables = variableEditor?.getValue() ?? '';
    actions.stop();
    if (tabs.some((tab, i) => i !== activeTabIndex && tab.response)) {
      // The active tab must stay the same object: GraphiQL finds it again by identity.
      actions.moveTab(tabs.map((tab, i) => (i === activeTabIndex ? tab : { ...tab, response: null })));
      if (queryEditor.getValue() !== query) queryEditor.setValue(query);
      if (variableEditor && variableEditor.getValue() !== variables) variableEditor.setValue(variables);
    }
    responseEditor?.setValue('');
    actions.updateActiveTabValues({ query, variables, response: null });
    if (!token) return;
    if (!schema) actions.introspect();
    if (asked && chosenOperation(query, operationName)?.operation === 'query') actions.run();
  }, [token, actions]);
}

/** useOpenQuestion opens a question in a tab: the one that has it already, the current one if empty, or a new one. */
export function useOpenQuestion(): (question: Question) => void {
  const state = useGraphiQL(slice);
  const actions = useGraphiQLActions();
  const latest = useRef(state);
  latest.current = state;

  return useCallback(
    ({ query, variables }: Question) => {
      const { tabs, queryEditor, variableEditor } = latest.current;
      if (!queryEditor) return;
      const open = tabs.findIndex((tab) => tab.query === query && (tab.variables ?? '') === variables);
      if (open >= 0) {
        actions.changeTab(open);
        return;
      }
      if (queryEditor.getValue().trim() !== '') actions.addTab();
      queryEditor.setValue(query);
      variableEditor?.setValue(variables);
      actions.updateActiveTabValues({ query, variables });
    },
    [actions]
  );
}

/** useSystemTheme lets the editors follow the system from light to dark while the page is open. */
export function useSystemTheme() {
  const theme = useGraphiQL((state) => state.theme);
  const { setTheme } = useGraphiQLActions();
  useEffect(() => {
    if (theme !== null) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setTheme(null);
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, [theme, setTheme]);
}
