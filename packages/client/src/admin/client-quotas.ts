import { alterClientQuotasApi, describeClientQuotasApi } from "@millrace/protocol/definitions";

import { checkArguments, kind, listOf, optional, strict } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { names } from "./admin-arguments.ts";
import type { AdminLinks } from "./admin-links.ts";
import { askUntilAnswered } from "./ask-any.ts";

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

const nameOrNull = kind(
  "a name, or null for the default",
  (given) => given === null || (typeof given === "string" && given !== ""),
);
const quotaEntity = strict(
  { user: optional(nameOrNull), "client-id": optional(nameOrNull), ip: optional(nameOrNull) },
  "an object such as { user }",
);
const quotaChanges = listOf(
  strict(
    {
      entity: quotaEntity,
      set: optional(kind("numbers by name", isNumbers)),
      remove: optional(names),
    },
    "{ entity, set }",
  ),
  "{ entity, set }",
);

/** @param entity those that have these parts, and perhaps others */
export async function describeClientQuotas(
  context: ClientContext,
  { controller }: AdminLinks,
  entity: QuotaEntity,
  signal?: AbortSignal,
): Promise<readonly ClientQuota[]> {
  checkArguments("admin.describeClientQuotas", { entity: [quotaEntity, entity] }, signal);
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
  checkArguments("admin.alterClientQuotas", { changes: [quotaChanges, changes] }, signal);
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

function isNumbers(given: unknown): boolean {
  return (
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    Object.values(given).every((value) => typeof value === "number" && value > 0)
  );
}
