import type { Method, Route } from "./route.ts";

/** A path is matched by its segments as they were sent: a subject may hold an encoded slash. */
export class RouteTable {
  readonly #routes: readonly { readonly route: Route; readonly pattern: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, pattern: segmentsOf(route.path) }));
  }

  /** Undefined: the path is unknown. `route` undefined: it knows other methods. */
  match(method: string, segments: readonly string[]): RouteMatch | undefined {
    const matching = this.#routes.filter(({ pattern }) => fits(pattern, segments));
    if (matching.length === 0) return undefined;
    const methods = matching.map(({ route }) => route.method);
    const found = matching.find(({ route }) => route.method === method);
    if (found === undefined) return { route: undefined, methods, path: {} };
    return { route: found.route, methods, path: namedSegments(found.pattern, segments) };
  }
}

export interface RouteMatch {
  readonly route: Route | undefined;
  readonly methods: readonly Method[];
  readonly path: Readonly<Record<string, string>>;
}

export function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function fits(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => {
      if (part.endsWith(":int}")) return /^-?\d{1,10}$/.test(segments[index]);
      return part.startsWith("{") || part === segments[index];
    })
  );
}

function namedSegments(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> {
  const named = pattern.flatMap((part, index) => {
    const name = /^\{(\w+)(?::int)?\}$/.exec(part)?.[1];
    return name === undefined ? [] : [[name, segments[index]] as const];
  });
  return Object.fromEntries(named);
}
