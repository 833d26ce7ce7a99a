import { SchemaError } from "@millrace/schema-registry";

import { isArray, isObject, typeOf, type JsonObject, type JsonValue } from "../json/json-value.ts";
import { isMetaSchema, isModern, type Draft } from "./draft.ts";
import { arrayNode, numberNode, objectNode, stringNode, type ReadContext } from "./kind-nodes.ts";
import { Keywords } from "./keywords.ts";
import { referenceKeyword } from "./reference-keyword.ts";
import {
  openDocuments,
  type Located,
  type NamedDocument,
  type SchemaDocuments,
} from "./schema-documents.ts";
import type { Annotated, Criterion, ReferenceNode, SchemaNode } from "./schema-node.ts";

/**
 * What a schema demands, its references resolved. Only what it uses of the named documents is looked at.
 * @throws SchemaError `INVALID_SCHEMA` with the place of what is wrong, or the references that lead nowhere
 */
export function loadSchema(json: JsonValue, named: readonly NamedDocument[]): SchemaNode {
  const { draft, documents, root } = openDocuments(json, named);
  return new SchemaReader(draft, documents).read(root);
}

class SchemaReader implements ReadContext {
  readonly draft: Draft;
  readonly #documents: SchemaDocuments;
  /** By what was read: a schema that is named from several places, or by itself, is one node. */
  readonly #nodes = new Map<JsonObject, SchemaNode>();
  readonly #pending: (readonly [ReferenceNode, Located])[] = [];
  readonly #missing = new Set<string>();

  constructor(draft: Draft, documents: SchemaDocuments) {
    this.draft = draft;
    this.#documents = documents;
  }

  /** References are followed one after the other, not one within the other: their chains may be long. */
  read(root: Located): SchemaNode {
    const node = this.#node(root);
    for (let next = this.#pending.pop(); next !== undefined; next = this.#pending.pop())
      this.#resolve(...next);
    if (this.#missing.size === 0) return node;
    throw new SchemaError(
      "INVALID_SCHEMA",
      `the JSON schema refers to what is neither in it nor among its references: ${[...this.#missing].join(", ")}`,
    );
  }

  child(parent: Located, json: JsonValue, keys: string): SchemaNode {
    return this.#node(this.#documents.child(parent, json, keys));
  }

  #node(located: Located): SchemaNode {
    const { json, place } = located;
    if (json === true || json === false) {
      return { kind: json ? "any" : "never", source: json, isConnectBytes: false };
    }
    if (!isObject(json))
      throw new SchemaError(
        "INVALID_SCHEMA",
        `${place} of the JSON schema has to be an object or a boolean, and is ${typeOf(json)}`,
      );
    const known = this.#nodes.get(json);
    if (known !== undefined) return known;
    const node = this.#objectNode(located, json);
    this.#nodes.set(json, node);
    return node;
  }

  #objectNode(located: Located, json: JsonObject): SchemaNode {
    const keywords = new Keywords(json, located.place);
    const bare: Annotated = { source: json, isConnectBytes: isConnectBytes(json) };
    const annotations = { ...bare, ...this.#annotations(keywords) };
    const reference = this.#reference(located, keywords, bare);
    if (reference !== undefined && !isModern(this.draft)) return reference;
    const parts = [
      ...(reference === undefined ? [] : [reference]),
      ...this.#kinds(located, keywords, bare),
      ...this.#combinations(located, keywords, bare),
    ];
    if (parts.length === 0) return { ...annotations, kind: "any" };
    // What a reference says of itself is said by what it names.
    if (parts.length === 1) return reference ?? ({ ...parts[0], ...annotations } as SchemaNode);
    return { ...annotations, kind: "combined", criterion: "allOf", parts };
  }

  #annotations(keywords: Keywords): Partial<Annotated> {
    const id = keywords.string(this.draft === "4" ? "id" : "$id");
    const title = keywords.string("title");
    const description = keywords.string("description");
    const given = keywords.any("default");
    return {
      ...(id === undefined ? {} : { id }),
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(given === undefined ? {} : { default: given }),
    };
  }

  #reference(located: Located, keywords: Keywords, bare: Annotated): ReferenceNode | undefined {
    const name = referenceKeyword(located.json as JsonObject, this.draft);
    if (name === undefined) return undefined;
    keywords.string(name);
    const node = {
      ...bare,
      source: located.json as JsonObject,
      kind: "reference",
      target: undefined,
    };
    this.#pending.push([node as ReferenceNode, located]);
    return node as ReferenceNode;
  }

  #resolve(node: ReferenceNode, from: Located): void {
    const keyword = referenceKeyword(node.source, this.draft) ?? "$ref";
    const ref = node.source.get(keyword) as string;
    const found = this.#documents.find(ref, from);
    if (found !== undefined) node.target = this.#node(found);
    else if (isMetaSchema(ref))
      node.target = { kind: "any", source: node.source, isConnectBytes: false };
    else this.#missing.add(`${ref} (${from.place}/${keyword})`);
  }

  /** The schema by the kinds of value that it speaks of: its type or types, and those that only keywords tell. */
  #kinds(located: Located, keywords: Keywords, bare: Annotated): readonly SchemaNode[] {
    const type = keywords.any("type");
    const types = isArray(type) ? keywords.strings("type") : [keywords.string("type")];
    const told = (types ?? []).filter((name) => name !== undefined);
    const nodes = told.map((name, i) => {
      const node = this.#typeNode(name, located, keywords, bare);
      if (node === undefined)
        throw keywords.wrong(isArray(type) ? `type/${i}` : "type", `a type of JSON, not "${name}"`);
      return node;
    });
    const kinds = new Set(nodes.map(({ kind }) => kind));
    const others = (["object", "array", "number", "string"] as const)
      .filter((kind) => !kinds.has(kind) && keywords.has(...keywordsOf(kind, this.draft)))
      .map((kind) => this.#kindNode(kind, located, keywords, bare));
    if (!isArray(type)) return [...nodes, ...others];
    return [{ ...bare, kind: "combined", criterion: "anyOf", parts: nodes }, ...others];
  }

  #typeNode(
    type: string,
    located: Located,
    keywords: Keywords,
    bare: Annotated,
  ): SchemaNode | undefined {
    if (type === "boolean" || type === "null") return { ...bare, kind: type };
    if (type === "integer") return numberNode(keywords, bare, true);
    if (type !== "object" && type !== "array" && type !== "number" && type !== "string")
      return undefined;
    return this.#kindNode(type, located, keywords, bare);
  }

  #kindNode(
    kind: "object" | "array" | "number" | "string",
    located: Located,
    keywords: Keywords,
    bare: Annotated,
  ): SchemaNode {
    if (kind === "string") return stringNode(keywords, bare);
    if (kind === "number") return numberNode(keywords, bare, false);
    const at = { context: this, located, keywords };
    return kind === "object" ? objectNode(at, bare) : arrayNode(at, bare);
  }

  #combinations(located: Located, keywords: Keywords, bare: Annotated): readonly SchemaNode[] {
    const nodes: SchemaNode[] = [];
    const values = keywords.array("enum");
    if (values !== undefined) nodes.push({ ...bare, kind: "enum", values });
    const constant = this.draft === "4" ? undefined : keywords.any("const");
    if (constant !== undefined) nodes.push({ ...bare, kind: "const", value: constant });
    for (const criterion of ["allOf", "anyOf", "oneOf"] as const) {
      const parts = this.#parts(criterion, located, keywords);
      if (parts !== undefined) nodes.push({ ...bare, kind: "combined", criterion, parts });
    }
    const not = keywords.any("not");
    if (not !== undefined)
      nodes.push({ ...bare, kind: "not", schema: this.child(located, not, "not") });
    if (this.draft !== "4" && this.draft !== "6" && keywords.has("if", "then", "else")) {
      for (const name of ["if", "then", "else"]) {
        const branch = keywords.any(name);
        if (branch !== undefined) this.child(located, branch, name);
      }
      nodes.push({ ...bare, kind: "conditional" });
    }
    return nodes;
  }

  #parts(
    criterion: Criterion,
    located: Located,
    keywords: Keywords,
  ): readonly SchemaNode[] | undefined {
    return keywords
      .array(criterion)
      ?.map((part, i) => this.child(located, part, `${criterion}/${i}`));
  }
}

function isConnectBytes(json: JsonObject): boolean {
  return json.get("connect.type") === "bytes";
}

function keywordsOf(
  kind: "object" | "array" | "number" | "string",
  draft: Draft,
): readonly string[] {
  const ignored = isModern(draft) ? oldKeywords : modernKeywords;
  return keywordsByKind[kind].filter((name) => !ignored.has(name));
}

const keywordsByKind = {
  object: [
    "properties",
    "required",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "dependencies",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
  ],
  array: [
    "items",
    "additionalItems",
    "minItems",
    "maxItems",
    "uniqueItems",
    "contains",
    "prefixItems",
    "unevaluatedItems",
  ],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  string: ["minLength", "maxLength", "pattern", "format"],
} as const;

/** A format alone demands nothing since 2019-09. */
const oldKeywords: ReadonlySet<string> = new Set(["dependencies", "format"]);

const modernKeywords: ReadonlySet<string> = new Set([
  "dependentRequired",
  "dependentSchemas",
  "unevaluatedProperties",
  "prefixItems",
  "unevaluatedItems",
]);
