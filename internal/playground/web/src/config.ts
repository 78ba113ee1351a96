export interface Person {
  name: string;
  role: string;
  title: string;
  token: string;
}

export interface Question {
  title: string;
  role: string;
  query: string;
  variables: string;
}

export interface Config {
  endpoint: string;
  demo: { people: Person[]; questions: Question[] } | null;
}

export async function loadConfig(): Promise<Config> {
  const response = await fetch('./config.json', { cache: 'no-store' });
  if (!response.ok) {
    throw new Error(`The playground's configuration could not be read (status ${response.status}). Reload the page.`);
  }
  return response.json();
}
