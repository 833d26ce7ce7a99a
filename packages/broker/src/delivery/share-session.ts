/** A partition that a member reads. */
export interface SharedPlace {
  readonly topicId: string;
  readonly partition: number;
}

/** What a member reads through a connection (Kafka: `ShareSession`). */
export interface ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  /** Of the next request. */
  epoch: number;
  /** By topic id and partition, in the order in which they were told; `mustTell`: in the next answer, whatever it is. */
  readonly places: Map<string, SharedPlace & { mustTell: boolean }>;
}

/** A request without a session begins one; the last one of a member ends it. */
export const initialEpoch = 0;
export const finalEpoch = -1;

export function placeKey({ topicId, partition }: SharedPlace): string {
  return `${topicId}:${partition}`;
}

export function nextEpoch(epoch: number): number {
  return epoch === 0x7fffffff ? 1 : epoch + 1;
}

/** Partitions that a request tells, and such as are not read any more. */
export function updatePlaces(
  { places }: ShareSession,
  told: readonly SharedPlace[],
  forgotten: readonly SharedPlace[],
): void {
  for (const { topicId, partition } of told) {
    const key = placeKey({ topicId, partition });
    if (!places.has(key)) places.set(key, { topicId, partition, mustTell: true });
  }
  for (const place of forgotten) places.delete(placeKey(place));
}

/** Whether a partition stands in an answer: with records, with a change, or for the first time. */
export function isToBeTold(
  { places }: ShareSession,
  key: string,
  { hasRecords, errorCode }: { readonly hasRecords: boolean; readonly errorCode: number },
): boolean {
  const place = places.get(key);
  if (place === undefined) return true;
  const isTold = hasRecords || place.mustTell || errorCode !== 0;
  place.mustTell = errorCode !== 0;
  if (hasRecords) {
    // Who had something comes last the next time.
    places.delete(key);
    places.set(key, place);
  }
  return isTold;
}
