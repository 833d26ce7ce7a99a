/** One call of the REST API. */
export interface RegistryRequest {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the address, each part encoded; with the query. */
  readonly path: string;
  readonly body?: unknown;
  /** For messages and errors. */
  readonly subject?: string;
  readonly version?: number | "latest";
}

type QueryValue = string | number | boolean | undefined;

/** A path of parts, each encoded, and a query of what is not undefined. */
export function pathOf(
  parts: readonly (string | number)[],
  query: Readonly<Record<string, QueryValue | readonly string[]>> = {},
): string {
  const path = parts.map((part) => `/${encodeURIComponent(part)}`).join("");
  const search = Object.entries(query).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : [value];
    return values
      .filter((one) => one !== undefined)
      .map((one) => `${name}=${encodeURIComponent(String(one))}`);
  });
  return search.length === 0 ? path : `${path}?${search.join("&")}`;
}
