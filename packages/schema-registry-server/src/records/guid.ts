import { createHash } from "node:crypto";

import type { SchemaReference } from "@millrace/schema-registry";

import type { Metadata } from "./metadata.ts";
import { rulePhases, type Rule, type RuleSet } from "./rule-set.ts";

/** What makes a schema the same one. */
export interface SchemaContent {
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata?: Metadata;
  readonly ruleSet?: RuleSet;
}

/** The MD5 of a schema's content, as a UUID: the same content has the same one everywhere. */
export function guidOf({ schema, references, metadata, ruleSet }: SchemaContent): string {
  const hash = createHash("md5").update(schema);
  for (const { name, subject, version } of references) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(version);
    hash.update(name).update(subject).update(bytes);
  }
  const update = (texts: readonly (string | undefined)[]): void => {
    for (const text of texts) if (text !== undefined) hash.update(text);
  };
  // A byte tells what is empty from what is not there.
  if (metadata !== undefined) {
    hash.update("\u0001");
    for (const [path, tags] of Object.entries(metadata.tags ?? {})) update([path, ...tags]);
    update(Object.entries(metadata.properties ?? {}).flat());
    update(metadata.sensitive ?? []);
  }
  if (ruleSet !== undefined) {
    hash.update("\u0001");
    for (const phase of rulePhases) for (const rule of ruleSet[phase] ?? []) update(textsOf(rule));
    update([ruleSet.enableAt]);
  }
  const hex = hash.digest("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function textsOf(rule: Rule): readonly (string | undefined)[] {
  const { name, doc, kind, mode, type, tags = [], params = {}, expr, onSuccess, onFailure } = rule;
  const disabled = rule.disabled ? "\u0001" : undefined;
  const parameters = Object.entries(params).flat();
  return [
    name,
    doc,
    kind,
    mode,
    type,
    ...tags,
    ...parameters,
    expr,
    onSuccess,
    onFailure,
    disabled,
  ];
}

/** A GUID as a client may write it, in its one spelling; undefined: it is none. */
export function normalGuid(text: string): string | undefined {
  const hex = text.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(hex)) return undefined;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
