import { useState } from 'react';
import { GraphiQL, GraphiQLInterface, HISTORY_PLUGIN } from 'graphiql';
import { GraphiQLProvider } from '@graphiql/react';
import { DOC_EXPLORER_PLUGIN, DocExplorerStore } from '@graphiql/plugin-doc-explorer';
import { HistoryStore } from '@graphiql/plugin-history';
import { explorerPlugin } from '@graphiql/plugin-explorer';
import { createFetcher } from './api';
import { Bar } from './bar';
import type { Config } from './config';
import { useSession } from './session';
import { SignIn } from './signin';

const welcome = `# Ask anything the API knows: start typing, Ctrl-Space completes, Ctrl-Enter runs.
# The book icon on the left explains every type and field.

query Viewer {
  viewer {
    user { name }
    roles
    org { name }
  }
}
`;

// Where GraphiQL keeps the tabs of the last visit. It never keeps results, and here it has no headers to keep.
const keptTabs = 'graphiql:tabState';

const plugins = [DOC_EXPLORER_PLUGIN, HISTORY_PLUGIN, explorerPlugin({ showAttribution: false })];

export function App({ config }: { config: Config }) {
  const [session, actions, currentToken] = useSession(config);
  // One fetcher for good: another one would make GraphiQL read the schema again, which is the same for everybody.
  const [fetcher] = useState(() => createFetcher(config.endpoint, currentToken, actions.refuse));
  const [start] = useState(() => {
    const first = config.demo?.questions[0];
    // GraphiQL shows a first tab's variables only if given apart, and opens a tab more if given besides kept ones.
    const variables = localStorage.getItem(keptTabs) ? undefined : first?.variables || undefined;
    return { tab: { query: first?.query ?? welcome, variables: first?.variables }, variables };
  });

  return (
    <GraphiQLProvider
      fetcher={fetcher}
      // Null means: do not ask for a schema yet.
      schema={session.ready ? undefined : null}
      plugins={plugins}
      referencePlugin={DOC_EXPLORER_PLUGIN}
      defaultQuery=""
      defaultTabs={[start.tab]}
      initialVariables={start.variables}
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
    >
      <HistoryStore>
        <DocExplorerStore>
          <Bar config={config} session={session} actions={actions} />
          <main className="workspace">
            <GraphiQLInterface
              isHeadersEditorEnabled={false}
              showPersistHeadersSettings={false}
              defaultEditorToolsVisibility={config.demo?.questions.some((q) => q.variables) ? 'variables' : undefined}
            >
              <GraphiQL.Logo>
                <span />
              </GraphiQL.Logo>
            </GraphiQLInterface>
          </main>
          <SignIn session={session} actions={actions} />
        </DocExplorerStore>
      </HistoryStore>
    </GraphiQLProvider>
  );
}
