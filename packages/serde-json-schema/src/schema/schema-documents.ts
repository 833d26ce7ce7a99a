import { isArray, isObject, type JsonValue } from "../json/json-value.ts";
import { draftOf, isModern, type Draft } from "./draft.ts";
import { resolveUri, splitFragment, unnamedBase } from "./uri.ts";

/** A schema that is referred to, by the name that `$ref` calls it. */
export interface NamedDocument {
  readonly name: string;
  readonly json: JsonValue;
}

/** A schema within a document. */
export interface Located {
  readonly json: JsonValue;
  /** What its relative references are relative to. */
  readonly base: string;
  /** Where it stands, for messages: `#/properties/a`, for a referenced document with its name in front. */
  readonly place: string;
}

/** A schema with all that it can refer to. */
export function openDocuments(
  json: JsonValue,
  named: readonly NamedDocument[],
): { readonly draft: Draft; readonly documents: SchemaDocuments; readonly root: Located } {
  const draft = draftOf(json);
  const documents = new SchemaDocuments(draft);
  const root = documents.add("", json, unnamedBase);
  for (const one of named) documents.add(one.name, one.json, root.base);
  return { draft, documents, root };
}

/** The texts that a `$ref` can lead to: the schema itself and those it was given beside it, by URI and anchor. */
export class SchemaDocuments {
  readonly #byUri = new Map<string, Located>();
  readonly #draft: Draft;

  constructor(draft: Draft) {
    this.#draft = draft;
  }

  /** @param name as the `$ref`s of others call it; the schema itself has none */
  add(name: string, json: JsonValue, base: string): Located {
    const uri = resolveUri(base, name);
    const root = { json, base: this.#baseOf(json, uri), place: `${name}#` };
    // The first of a name stays: a reference of a reference does not hide the schema's own.
    for (const key of [name, uri, splitFragment(root.base)[0]])
      if (!this.#byUri.has(key)) this.#byUri.set(key, root);
    this.#index(root);
    return root;
  }

  /** What a `$ref` names; undefined: nothing does. */
  find(ref: string, from: Located): Located | undefined {
    const [path, fragment] = splitFragment(ref);
    const uri = splitFragment(resolveUri(from.base, ref))[0];
    const document = this.#byUri.get(uri) ?? this.#byUri.get(path);
    if (document === undefined) return undefined;
    if (fragment === "") return document;
    if (fragment.startsWith("/")) return this.#byPointer(document, fragment);
    return this.#byUri.get(`${splitFragment(document.base)[0]}#${fragment}`);
  }

  /** A schema that stands within another, as `keys` lead there. */
  child(parent: Located, json: JsonValue, keys: string): Located {
    return { json, base: this.#baseOf(json, parent.base), place: `${parent.place}/${keys}` };
  }

  #byPointer(document: Located, pointer: string): Located | undefined {
    let found = document;
    for (const key of pointer.slice(1).split("/").map(unescapeKey)) {
      const next = memberOf(found, key) ?? oldName(document, found, key);
      if (next === undefined) return undefined;
      found = this.child(found, next, key);
    }
    return found;
  }

  /** Schemas within with an id or an anchor of their own can be named by it. */
  #index(root: Located): void {
    const pending: Located[] = [root];
    for (let located = pending.pop(); located !== undefined; located = pending.pop()) {
      const { json, base } = located;
      if (isObject(json)) this.#register(located, json);
      const members = isObject(json) ? [...json] : isArray(json) ? [...json.entries()] : [];
      for (const [key, value] of members) {
        if (isData(key) || !(isObject(value) || isArray(value))) continue;
        pending.push({
          json: value,
          base: this.#baseOf(value, base),
          place: `${located.place}/${key}`,
        });
      }
    }
  }

  #register(located: Located, json: ReadonlyMap<string, JsonValue>): void {
    const [path, fragment] = splitFragment(located.base);
    if (this.#idOf(json) !== undefined && !this.#byUri.has(located.base))
      this.#byUri.set(fragment === "" ? path : located.base, located);
    for (const keyword of ["$anchor", "$dynamicAnchor"]) {
      const anchor = json.get(keyword);
      if (typeof anchor === "string") this.#byUri.set(`${path}#${anchor}`, located);
    }
  }

  #baseOf(json: JsonValue, parent: string): string {
    const id = this.#idOf(json);
    return id === undefined ? parent : resolveUri(parent, id);
  }

  /** What stands beside a `$ref` does not count before 2019-09. */
  #idOf(json: JsonValue): string | undefined {
    if (!isObject(json) || (json.has("$ref") && !isModern(this.#draft))) return undefined;
    const id = json.get(this.#draft === "4" ? "id" : "$id");
    return typeof id === "string" ? id : undefined;
  }
}

function memberOf({ json }: Located, key: string): JsonValue | undefined {
  if (isObject(json)) return json.get(key);
  return isArray(json) && /^[0-9]+$/.test(key) ? json[Number(key)] : undefined;
}

/** What newer drafts call `$defs` was `definitions` before; a reference by the new name finds either. */
function oldName(document: Located, at: Located, key: string): JsonValue | undefined {
  return at === document && key === "$defs" ? memberOf(at, "definitions") : undefined;
}

function unescapeKey(key: string): string {
  return decoded(key).replaceAll("~1", "/").replaceAll("~0", "~");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Members whose values are no schemas, whatever they look like. */
function isData(key: string | number): boolean {
  return key === "enum" || key === "const" || key === "default" || key === "examples";
}
