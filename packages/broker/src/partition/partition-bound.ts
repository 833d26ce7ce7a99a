import type { Platform } from "@millrace/platform";
import { SeldomLine } from "../seldom-line.ts";

/** How many partitions a broker takes, those of all topics together; the cluster's own topics are let in beyond. */
export class PartitionBound {
  readonly #partitionsMax: number;
  readonly #line: SeldomLine;

  constructor(partitionsMax: number, platform: Platform) {
    this.#partitionsMax = partitionsMax;
    this.#line = new SeldomLine(platform, "warn", "broker.partitions-refused");
  }

  /** Why there cannot be so many; undefined: there can. */
  refusal(partitionTotal: number): string | undefined {
    const max = this.#partitionsMax;
    if (partitionTotal <= max) return undefined;
    this.#line.tell({ partitionsMax: max, partitionTotal });
    return `this broker takes ${max} partitions in all, and there would be ${partitionTotal}; delete topics, or start it with more`;
  }
}
