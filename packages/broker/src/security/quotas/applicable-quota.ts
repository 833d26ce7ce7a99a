import type { ClientQuotas, QuotaEntity } from "../../metadata/client-quotas.ts";

export interface ApplicableQuota {
  readonly limit: number;
  /** Who shares what is counted. */
  readonly account: string;
}

/** The closest quota that is set; a user's goes before any client's (Kafka: `DefaultQuotaCallback`). */
export function applicableQuota(
  quotas: ClientQuotas,
  key: string,
  { user, clientId }: { readonly user: string; readonly clientId: string },
): ApplicableQuota | undefined {
  const find = (entity: QuotaEntity, ...account: readonly string[]) => {
    const limit = quotas.get(entity, key);
    return limit === undefined ? undefined : { limit, account: JSON.stringify([key, ...account]) };
  };
  for (const name of [user, null]) {
    for (const client of [clientId, null]) {
      const entity = new Map([
        ["user", name],
        ["client-id", client],
      ]);
      const found = find(entity, "user", user, "client-id", clientId);
      if (found !== undefined) return found;
    }
    const found = find(new Map([["user", name]]), "user", user);
    if (found !== undefined) return found;
  }
  return (
    find(new Map([["client-id", clientId]]), "client-id", clientId) ??
    find(new Map([["client-id", null]]), "client-id", clientId)
  );
}
