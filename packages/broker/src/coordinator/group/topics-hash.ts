import type { TopicLookup, VersionedTopics } from "../topic-lookup.ts";

/** The topics of a group as they were looked at last, to make an epoch or find that none is due; the log does not have it. */
export interface LookedAt {
  readonly version: number;
  readonly hash: number;
}

/** False as well where the log has not taken what came of it. */
export function isLookedAt(
  { lookedAt, metadataHash }: { readonly lookedAt?: LookedAt; readonly metadataHash: number },
  { appliedOffset }: VersionedTopics,
): boolean {
  return lookedAt?.version === appliedOffset && lookedAt.hash === metadataHash;
}

/** Sums stay whole numbers. */
const modulus = 2 ** 52;
const prime = 0x01000193;

/** Of any topics, in any order: it changes when one comes, goes or grows. */
export function hashOfTopics(names: Iterable<string>, topics: TopicLookup): number {
  let hash = 0;
  for (const name of new Set(names)) hash = addHashes(hash, hashOfTopic(name, topics));
  return hash;
}

/** Of one topic alone, 0 where there is none; those of several are added up. */
export function hashOfTopic(name: string, topics: TopicLookup): number {
  const topicId = topics.topicId(name);
  if (topicId === undefined) return 0;
  const text = `${name} ${topicId} ${topics.partitionCount(name)}`;
  // FNV-1a twice, from different beginnings.
  let [high, low] = [0x811c9dc5, 0x2f0b4c47];
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, prime);
    low = Math.imul(low ^ unit, prime);
  }
  return mixed(high) * 2 ** 20 + (mixed(low) >>> 12);
}

/** Each bit depends on all (MurmurHash3's end): sums of names that are alike would meet else. */
function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}

export function addHashes(left: number, right: number): number {
  return (left + right) % modulus;
}

export function subtractHashes(left: number, right: number): number {
  return (left - right + modulus) % modulus;
}
