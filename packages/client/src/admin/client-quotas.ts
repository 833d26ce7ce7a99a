import { alterClientQuotasApi, describeClientQuotasApi } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { askUntilAnswered } from "./ask-any.ts";
import type { AdminLinks } from "./configs.ts";

const entityKinds = ["user", "client-id", "ip"] as const;

/** Whose quota it is; null: of all that have none of their own (Kafka: `ClientQuotaEntity`). */
export interface QuotaEntity {
  readonly user?: string | null;
  readonly "client-id"?: string | null;
  readonly ip?: string | null;
}

export interface ClientQuota {
  readonly entity: QuotaEntity;
  /** By Kafka's names, such as `producer_byte_rate`. */
  readonly values: Readonly<Record<string, number>>;
}

export interface ClientQuotaChange {
  readonly entity: QuotaEntity;
  readonly set?: Readonly<Record<string, number>>;
  readonly remove?: readonly string[];
}

const matchExact = 0;
const matchDefault = 1;

/** @param entity those that have these parts, and perhaps others */
export async function describeClientQuotas(
  context: ClientContext,
  { controller }: AdminLinks,
  entity: QuotaEntity,
  signal?: AbortSignal,
): Promise<readonly ClientQuota[]> {
  const answer = await askUntilAnswered(context, {
    api: describeClientQuotasApi,
    link: controller,
    signal,
    body: () => ({
      components: partsOf(entity).map(([entityType, name]) => ({
        entityType,
        matchType: name === null ? matchDefault : matchExact,
        match: name,
      })),
      strict: false,
    }),
    errorsOf: (whole) => [whole],
  });
  return (answer.entries ?? []).map(({ entity: parts, values }) => ({
    entity: Object.fromEntries(parts.map((one) => [one.entityType, one.entityName])),
    values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
  }));
}

export async function alterClientQuotas(
  context: ClientContext,
  { controller }: AdminLinks,
  changes: readonly ClientQuotaChange[],
  signal?: AbortSignal,
): Promise<void> {
  if (changes.length === 0) return;
  await askUntilAnswered(context, {
    api: alterClientQuotasApi,
    link: controller,
    signal,
    body: () => ({
      entries: changes.map(({ entity, set = {}, remove = [] }) => ({
        entity: partsOf(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: [
          ...Object.entries(set).map(([key, value]) => ({ key, value, remove: false })),
          ...remove.map((key) => ({ key, value: 0, remove: true })),
        ],
      })),
      validateOnly: false,
    }),
    errorsOf: ({ entries }) => entries,
  });
}

function partsOf(entity: QuotaEntity): readonly (readonly [string, string | null])[] {
  return entityKinds.flatMap((kind) => {
    const name = entity[kind];
    return name === undefined ? [] : [[kind, name] as const];
  });
}
