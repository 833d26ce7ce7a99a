import type { VersionedTopics } from "../topic-lookup.ts";
import { byText } from "./partition-sets.ts";

const offset = 0xcbf29ce484222325n;
const prime = 0x100000001b3n;

/** FNV-1a over ids and partition counts, in 53 bits: it changes when a topic comes, goes or grows. */
export function hashOfTopics(names: Iterable<string>, topics: VersionedTopics): number {
  let hash = offset;
  let isEmpty = true;
  for (const name of [...names].toSorted(byText)) {
    const topicId = topics.topicId(name);
    if (topicId === undefined) continue;
    isEmpty = false;
    for (const unit of `${name} ${topicId} ${topics.partitionCount(name)}\n`)
      hash = BigInt.asUintN(64, (hash ^ BigInt(unit.charCodeAt(0))) * prime);
  }
  return isEmpty ? 0 : Number(BigInt.asUintN(53, hash));
}
