import type { Given } from "@millrace/protocol";
import {
  alterClientQuotasApi,
  type AlterClientQuotasRequest,
  type alterClientQuotasResponse,
} from "@millrace/protocol/definitions";
import { entityOf, keyOfEntity, partsOf, type QuotaEntity } from "../metadata/client-quotas.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import type { MetadataStore } from "../metadata/metadata-store.ts";
import { clusterResource } from "../server/request-context.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * AlterClientQuotas, versions 0 and 1: an entity's quotas are all changed, or none of them.
 *   1  flexible
 */

type Response = Given<typeof alterClientQuotasResponse>;
type Entry = AlterClientQuotasRequest["entries"][number];
type Results = Map<string, ErrorAnswer & { readonly entity: ReturnType<typeof partsOf> }>;

/** The largest value of each quota, if it is a whole number. */
const clientKeys: ReadonlyMap<string, number | undefined> = new Map([
  ["producer_byte_rate", 2 ** 63],
  ["consumer_byte_rate", 2 ** 63],
  ["request_percentage", undefined],
  ["controller_mutation_rate", undefined],
]);
const addressKeys: ReadonlyMap<string, number | undefined> = new Map([
  ["connection_creation_rate", 2 ** 31 - 1],
]);

export function alterClientQuotasHandler(
  metadata: MetadataStore,
): AnsweringHandler<AlterClientQuotasRequest, Response> {
  return {
    api: alterClientQuotasApi,
    async handle(context, { entries, validateOnly }) {
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("ALTER_CONFIGS", clusterResource))
        return {
          throttleTimeMs,
          entries: entries.map(({ entity }) => ({ ...clusterRefused, entity })),
        };
      const answers = await metadata.change((image) => {
        const records: MetadataRecord[] = [];
        const results: Results = new Map();
        for (const entry of entries) {
          const entity = entityOf(entry.entity);
          const id = keyOfEntity(entity);
          const answer = faultOf(entity, entry, results.has(id)) ?? noError;
          results.set(id, { ...answer, entity: partsOf(entity) });
          if (answer === noError) records.push(...recordsOf(image, entity, entry));
        }
        return { records: validateOnly ? [] : records, result: [...results.values()] };
      });
      return { throttleTimeMs, entries: answers };
    },
  };
}

function recordsOf(image: MetadataImage, entity: QuotaEntity, { ops }: Entry): MetadataRecord[] {
  return ops
    .filter(
      ({ key, value, remove }) =>
        image.clientQuotas.get(entity, key) !== (remove ? undefined : value),
    )
    .map(({ key, value, remove }) => ({
      kind: "clientQuota",
      value: { entity: partsOf(entity), key, value: remove ? 0 : value, remove },
    }));
}

function faultOf(entity: QuotaEntity, { ops }: Entry, isTwice: boolean): ErrorAnswer | undefined {
  const fault = isTwice
    ? "Ignoring duplicate entity"
    : (faultOfKeys(ops) ?? faultOfEntity(entity) ?? faultOfValues(entity, ops));
  return fault === undefined ? undefined : errorAnswer("INVALID_REQUEST", fault);
}

function faultOfKeys(ops: Entry["ops"]): string | undefined {
  return new Set(ops.map(({ key }) => key)).size < ops.length
    ? "A quota is named more than once for one entity"
    : undefined;
}

function faultOfEntity(entity: QuotaEntity): string | undefined {
  if (entity.size === 0) return "Invalid empty client quota entity";
  for (const [type, name] of entity) {
    if (type !== "user" && type !== "client-id" && type !== "ip")
      return `Unhandled client quota entity type: ${type}`;
    if (name === "") return `Empty ${type} not supported`;
  }
  const address = entity.get("ip");
  if (address === undefined) return undefined;
  if (entity.size > 1)
    return "Invalid quota entity combination, IP entity should not be combined with User or ClientId";
  return address === null || isAddress(address)
    ? undefined
    : `${address} is not a valid IP or resolvable host.`;
}

function faultOfValues(entity: QuotaEntity, ops: Entry["ops"]): string | undefined {
  const keys = entity.has("ip") ? addressKeys : clientKeys;
  for (const { key, value, remove } of ops) {
    if (remove) continue;
    if (!keys.has(key)) return `Invalid configuration key ${key}`;
    // Nor what is no number: each request of everybody whom it is for would fail.
    if (!(value > 0)) return `Quota ${key} must be greater than 0`;
    const max = keys.get(key);
    if (max === undefined) continue;
    if (value > max) return `Proposed value for ${key} is too large.`;
    if (value % 1 > 1e-6) return `${key} cannot be a fractional value.`;
  }
  return undefined;
}

/** Names of hosts are not looked up. */
function isAddress(text: string): boolean {
  if (text.includes(":")) return /^[0-9a-f:.]+$/i.test(text);
  const parts = text.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}
