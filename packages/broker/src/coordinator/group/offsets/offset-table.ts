/** A partition as a group sees it. */
export interface OffsetPlace {
  readonly groupId: string;
  readonly topic: string;
  readonly partition: number;
}

/** Values by group, topic and partition. */
export class OffsetTable<Value> {
  readonly #groups = new Map<string, Map<string, Map<number, Value>>>();

  get({ groupId, topic, partition }: OffsetPlace): Value | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition);
  }

  hasGroup(groupId: string): boolean {
    return this.#groups.has(groupId);
  }

  set({ groupId, topic, partition }: OffsetPlace, value: Value): void {
    let topics = this.#groups.get(groupId);
    if (topics === undefined) this.#groups.set(groupId, (topics = new Map()));
    let partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, (partitions = new Map()));
    partitions.set(partition, value);
  }

  delete({ groupId, topic, partition }: OffsetPlace): void {
    const topics = this.#groups.get(groupId);
    const partitions = topics?.get(topic);
    if (topics === undefined || partitions === undefined) return;
    partitions.delete(partition);
    if (partitions.size === 0) topics.delete(topic);
    if (topics.size === 0) this.#groups.delete(groupId);
  }

  placesOf(groupId: string): readonly OffsetPlace[] {
    const places: OffsetPlace[] = [];
    for (const [topic, partitions] of this.#groups.get(groupId) ?? [])
      for (const partition of partitions.keys()) places.push({ groupId, topic, partition });
    return places;
  }

  places(): readonly OffsetPlace[] {
    return [...this.#groups.keys()].flatMap((groupId) => this.placesOf(groupId));
  }
}
