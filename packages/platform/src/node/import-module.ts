/** Loads a module of the user's: what it exports, by name. */
export async function importModule(module: URL): Promise<Readonly<Record<string, unknown>>> {
  return (await import(module.href)) as Readonly<Record<string, unknown>>; // a namespace object
}
