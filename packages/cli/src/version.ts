import { readFileSync } from "node:fs";

/** The version of this package, which is that of all of Millrace. */
export function version(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  // The package's own manifest.
  return (JSON.parse(text) as { readonly version: string }).version;
}
