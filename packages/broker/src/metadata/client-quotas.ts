import type { ClientQuotaRecord } from "@millrace/protocol/definitions";

/** Whom a quota is for, by Kafka's names of its parts: `user`, `client-id`, `ip`; null is the default one. */
export type QuotaEntity = ReadonlyMap<string, string | null>;

interface EntityQuotas {
  readonly entity: QuotaEntity;
  readonly values: Map<string, number>;
}

/** The quotas of all entities (Kafka: `ClientQuotasImage`). */
export class ClientQuotas {
  readonly #byEntity = new Map<string, EntityQuotas>();

  get size(): number {
    return this.#byEntity.size;
  }

  all(): IterableIterator<{
    readonly entity: QuotaEntity;
    readonly values: ReadonlyMap<string, number>;
  }> {
    return this.#byEntity.values();
  }

  get(entity: QuotaEntity, key: string): number | undefined {
    return this.#byEntity.get(keyOfEntity(entity))?.values.get(key);
  }

  replay(record: ClientQuotaRecord): void {
    const entity = entityOf(record.entity);
    const id = keyOfEntity(entity);
    const quotas = this.#byEntity.get(id) ?? { entity, values: new Map<string, number>() };
    if (record.remove) quotas.values.delete(record.key);
    else quotas.values.set(record.key, record.value);
    if (quotas.values.size === 0) this.#byEntity.delete(id);
    else this.#byEntity.set(id, quotas);
  }
}

/** Of a type that is named twice the last name counts. */
export function entityOf(
  parts: readonly { readonly entityType: string; readonly entityName: string | null }[],
): QuotaEntity {
  return new Map(parts.map(({ entityType, entityName }) => [entityType, entityName]));
}

export function partsOf(entity: QuotaEntity) {
  return [...entity].map(([entityType, entityName]) => ({ entityType, entityName }));
}

/** The same for two entities with the same parts in another order. */
export function keyOfEntity(entity: QuotaEntity): string {
  return JSON.stringify([...entity].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
