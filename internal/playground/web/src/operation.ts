import { Kind, parse, type OperationDefinitionNode } from 'graphql';

/**
 * chosenOperation reads the operation to run off the text itself: the one of that name, or the only one. GraphiQL works
 * out names and kinds a moment after each change; a run right after one would go by an operation that is gone, and a
 * mutation could pass for a query. Undefined if the text is wrong or the choice is open, which the API then explains.
 */
export function chosenOperation(query: string, name: string | null | undefined): OperationDefinitionNode | undefined {
  let operations: OperationDefinitionNode[];
  try {
    operations = parse(query).definitions.filter((d) => d.kind === Kind.OPERATION_DEFINITION);
  } catch {
    return undefined;
  }
  return operations.find((o) => o.name && o.name.value === name) ?? (operations.length === 1 ? operations[0] : undefined);
}
