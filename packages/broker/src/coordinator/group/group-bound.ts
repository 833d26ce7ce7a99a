import type { Platform } from "@millrace/platform";
import { SeldomLine } from "../../seldom-line.ts";
import type { Group } from "./group-world.ts";
import { TopicNameBound } from "./topic-name-bound.ts";

/** How many groups a broker has, of all kinds; who asks for more is refused. */
export class GroupBound {
  readonly groupsMax: number;
  readonly #line: SeldomLine;
  /** By partition of `__consumer_offsets`. */
  readonly #shards = new Map<number, ReadonlyMap<string, Group>>();
  readonly #names = new Map<number, TopicNameBound>();

  constructor(groupsMax: number, platform: Platform) {
    this.groupsMax = groupsMax;
    this.#line = new SeldomLine(platform, "warn", "broker.groups-refused");
  }

  /** The groups of one partition, none at first; they count from now on. */
  groupsOf(partition: number): {
    readonly groups: Map<string, Group>;
    readonly names: TopicNameBound;
  } {
    const groups = new Map<string, Group>();
    const names = new TopicNameBound(groups, () => this.#names.values());
    this.#shards.set(partition, groups);
    this.#names.set(partition, names);
    return { groups, names };
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
