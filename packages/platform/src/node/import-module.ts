/** Loads a module of the user's: what it exports, by name. */
export async function importModule(module: URL): Promise<Readonly<Record<string, unknown>>> {
  return (await import(module.href)) as Readonly<Record<string, unknown>>; // a namespace object
}

/** Where a module cannot be read, such as `file:///app/program.ts:12`; undefined: Node does not tell. */
export function placeOfMistake(error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  return /^(?:file:|\/).*:\d+(?=\n)/.exec(stack)?.[0];
}
