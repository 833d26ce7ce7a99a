/** What was brought, of which nothing is known yet. */
export type Methods = Readonly<Record<string, unknown>>;

export function methodsOf(given: unknown): Methods {
  const isObject = typeof given === "object" || typeof given === "function";
  return isObject && given !== null ? (given as Methods) : {}; // each is looked at before it is called
}

/** True: it is a `Logger` of ours. */
export function isOwn({ isEnabled, log }: Methods): boolean {
  return typeof isEnabled === "function" && typeof log === "function";
}

/** What a method answers; undefined where there is none. */
export function call(logger: Methods, name: string, parts: readonly unknown[]): unknown {
  const method = logger[name];
  return typeof method === "function" ? Reflect.apply(method, logger, parts) : undefined;
}
