import { setTimeout as sleep } from "node:timers/promises";

import type { Attempt, Booked, Carrier, Parcel } from "../../examples/dead-letters/src/topology.ts";

export type IdentifiedParcel = readonly [id: string, parcel: Parcel];

/** So often a parcel fails, by its number: half of them do, a tenth for good. */
const failureCounts = [0, 1, 0, 2, 0, 1, 0, 3, 0, 1];

export function generateParcels(count: number): readonly IdentifiedParcel[] {
  return Array.from({ length: count }, (_, index) => [
    `parcel-${index}`,
    { address: `Street ${index}` },
  ]);
}

/** A carrier that takes up to 10 ms. */
export function bookWith(random: () => number): Carrier {
  return async (id, _parcel, { attempt, signal }) => {
    await sleep(random() * 10, undefined, { signal });
    if (attempt <= failureCountOf(id)) throw new Error(`attempt ${attempt}`);
    return `T-${id}`;
  };
}

export interface RetriesOutcome {
  readonly booked: Readonly<Record<string, Booked>>;
  readonly dead: Readonly<Record<string, Attempt>>;
}

/** What the program does, as a plain computation. */
export function bookPlainly(parcels: readonly IdentifiedParcel[]): RetriesOutcome {
  const failures = ["Error: attempt 1", "Error: attempt 2", "Error: attempt 3"];
  const isDead = ([id]: IdentifiedParcel): boolean => failureCountOf(id) === failures.length;
  return {
    booked: Object.fromEntries(
      parcels
        .filter((one) => !isDead(one))
        .map(([id, parcel]) => [id, { outcome: "booked", parcel, trackingNumber: `T-${id}` }]),
    ),
    dead: Object.fromEntries(
      parcels.filter(isDead).map(([id, parcel]) => [id, { parcel, failures }]),
    ),
  };
}

function failureCountOf(id: string): number {
  return failureCounts[Number(id.slice("parcel-".length)) % failureCounts.length];
}
