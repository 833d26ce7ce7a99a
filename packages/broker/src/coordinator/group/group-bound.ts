import type { Platform } from "@millrace/platform";
import { SeldomLine } from "../../seldom-line.ts";
import type { Group } from "./group-world.ts";
import { topicNamesTotalMax } from "./subscription-bound.ts";

/** How many groups a broker has, of all kinds; who asks for more is refused. */
export class GroupBound {
  readonly groupsMax: number;
  readonly #line: SeldomLine;
  /** By partition of `__consumer_offsets`. */
  readonly #shards = new Map<number, ReadonlyMap<string, Group>>();

  constructor(groupsMax: number, platform: Platform) {
    this.groupsMax = groupsMax;
    this.#line = new SeldomLine(platform, "warn", "broker.groups-refused");
  }

  /** The groups of one partition, none at first; they count from now on. */
  groupsOf(partition: number): Map<string, Group> {
    const groups = new Map<string, Group>();
    this.#shards.set(partition, groups);
    return groups;
  }

  /** Whether members may be subscribed to so many topics by name beside what all are. */
  admitsNames(nameCount: number): boolean {
    if (nameCount === 0) return true;
    let count = nameCount;
    for (const groups of this.#shards.values())
      for (const group of groups.values()) count += group.subscribedNameCount;
    return count <= topicNamesTotalMax;
  }

  /** Whether the group is there, or there is room for it. */
  admits(partition: number, groupId: string): boolean {
    const groups = this.#shards.get(partition);
    // What is not read yet answers for itself.
    if (groups === undefined || groups.has(groupId)) return true;
    let count = 0;
    for (const { size } of this.#shards.values()) count += size;
    if (count < this.groupsMax) return true;
    this.#line.tell({ groupsMax: this.groupsMax });
    return false;
  }
}
