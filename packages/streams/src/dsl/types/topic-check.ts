import type { Topic } from "../topic.ts";

/** Where a topic is written: a handle whose keys and values are the stream's, or the advice what to do; else `Ok`. */
export type TopicCheck<T, K, V, Ok> =
  T extends Topic<infer TK, infer TV>
    ? [K] extends [TK]
      ? [V] extends [TV | null]
        ? T
        : "The topic takes values of another type: mapValues first"
      : "The topic takes keys of another type: selectKey first"
    : Ok;
