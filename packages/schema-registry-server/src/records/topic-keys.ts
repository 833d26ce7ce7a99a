import { decodeUtf8, encodeUtf8 } from "@millrace/model";

import { isJsonObject } from "./json-members.ts";

/** Keys of the topic's records (Confluent: `SchemaRegistryKey`). `subject` undefined: the setting of the whole. */
export type TopicKey =
  | { readonly kind: "NOOP" }
  | { readonly kind: "SCHEMA"; readonly subject: string; readonly version: number }
  | { readonly kind: "DELETE_SUBJECT" | "CLEAR_SUBJECT"; readonly subject: string | undefined }
  | { readonly kind: "CONFIG" | "MODE"; readonly subject: string | undefined }
  | { readonly kind: "CONTEXT"; readonly context: string };

/** One tenant there is; Confluent's cloud has more. */
export const tenant = "default";

/** Of 32 bits, as other registries have them. */
export const integerMax = 2 ** 31 - 1;

/** Compaction goes by these bytes: the members' order is Confluent's. */
export function encodeKey(key: TopicKey): Uint8Array {
  return encodeUtf8(JSON.stringify(membersOf(key)));
}

function membersOf(key: TopicKey): unknown {
  switch (key.kind) {
    case "NOOP":
      return { keytype: key.kind, magic: 0 };
    case "SCHEMA":
      return { keytype: key.kind, subject: key.subject, version: key.version, magic: 1 };
    case "CONTEXT":
      return { keytype: key.kind, tenant, context: key.context, magic: 0 };
    default: {
      const { kind, subject } = key;
      return { keytype: kind, ...(subject === undefined ? {} : { subject }), magic: 0 };
    }
  }
}

/** Undefined: a key that says nothing to this registry, such as one of a newer server. */
export function decodeKey(bytes: Uint8Array): TopicKey | undefined {
  const members = parsedJson(bytes);
  if (!isJsonObject(members)) return undefined;
  const { keytype, context, version } = members;
  // Older servers write a null for the whole.
  const subject = members["subject"] ?? undefined;
  if (subject !== undefined && typeof subject !== "string") return undefined;
  switch (keytype) {
    case "NOOP":
      return { kind: keytype };
    case "SCHEMA":
      if (subject === undefined || !isPositiveInteger(version)) return undefined;
      return { kind: keytype, subject, version };
    case "CONFIG":
    case "MODE":
    case "DELETE_SUBJECT":
    case "CLEAR_SUBJECT":
      return { kind: keytype, subject };
    case "CONTEXT":
      if (members["tenant"] !== tenant || typeof context !== "string") return undefined;
      return { kind: keytype, context };
    default:
      return undefined;
  }
}

/** What a version can be, and an id that was given. */
export function isPositiveInteger(given: unknown): given is number {
  return Number.isInteger(given) && Number(given) >= 1 && Number(given) <= integerMax;
}

/** Undefined: no JSON. */
export function parsedJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes));
  } catch {
    return undefined;
  }
}
