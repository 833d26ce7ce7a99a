/** A schema without an id of its own has a place that nobody writes. */
export const unnamedBase = "schema:/";

/** An id or a reference, against what it is relative to. */
export function resolveUri(base: string, reference: string): string {
  if (reference === "") return base;
  // A URN has no folders: only a fragment can be relative to it.
  if (reference.startsWith("#")) return splitFragment(base)[0] + reference;
  try {
    return new URL(reference, base).href;
  } catch {
    return reference;
  }
}

/** The document, and what of it, without the `#`. */
export function splitFragment(uri: string): readonly [document: string, fragment: string] {
  const at = uri.indexOf("#");
  return at === -1 ? [uri, ""] : [uri.slice(0, at), uri.slice(at + 1)];
}
