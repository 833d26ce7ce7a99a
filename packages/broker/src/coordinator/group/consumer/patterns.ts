import { compilePattern } from "../../../config/compile-pattern.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { GroupRefusal } from "../refusal.ts";
import { type ConsumerGroup, consumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, patternOf } from "./consumer-member.ts";
import { epochRecord, patternRecord, type ResolvedPattern } from "./consumer-records.ts";
import { patternsTimer } from "./consumer-timers.ts";
import { Subscriptions } from "./subscriptions.ts";

/** Patterns are matched again this long after the last time at the earliest, as in Kafka. */
const refreshIntervalMsMin = 10_000;
/** Longest that topics are matched before others have their turn, for as long. */
const turnMs = 10;

export interface PatternChange {
  readonly group: ConsumerGroup;
  readonly before: ConsumerMember;
  readonly told: ConsumerMember;
  /** Of the group with the member as it is now. */
  readonly subscriptions: Subscriptions;
  readonly records: CoordinatorRecord[];
  /** Of the client whose heartbeat it is: a pattern finds no other topics. Undefined: nothing is matched now. */
  readonly mayDescribe?: (topic: string) => boolean;
}

/** "resolved": the topics of the new one are known already, so that they can be assigned now. */
export type PatternOutcome = "same" | "changed" | "resolved";

/**
 * A member's pattern may have changed, and those of the group may have to be matched anew: that is
 * done after the heartbeat, and the next one sees what came of it.
 *
 * @throws GroupRefusal
 */
export function updatePatterns(world: GroupWorld, change: PatternChange): PatternOutcome {
  const outcome = takePattern(change);
  const { group, subscriptions, mayDescribe } = change;
  const { patterns } = subscriptions;
  const { groupId } = group;
  if (mayDescribe === undefined || patterns.size === 0) return outcome;
  if (world.timers.isScheduled(groupId, patternsTimer)) return outcome;
  const [last] = group.resolved.values();
  const age = last === undefined ? Infinity : world.clock.wallMs() - last.timestamp;
  if (age <= refreshIntervalMsMin) return outcome;
  const isStale =
    last === undefined ||
    patterns.size !== group.resolved.size ||
    [...patterns].some((pattern) => !group.resolved.has(pattern)) ||
    last.version < world.topics.namesOffset ||
    age > world.configs.consumerOf(groupId).regexRefreshIntervalMs;
  if (isStale)
    world.timers.schedule(groupId, patternsTimer, {
      delayMs: 0,
      fire: () => matchFor(world, groupId, matchPatterns(world, [...patterns], mayDescribe)),
    });
  return outcome;
}

function takePattern({
  group,
  before,
  told,
  subscriptions,
  records,
}: PatternChange): PatternOutcome {
  const [from, to] = [patternOf(before), patternOf(told)];
  if (from === to) return "same";
  if (from !== "" && !subscriptions.patterns.has(from))
    records.push(patternRecord(group.groupId, from, null));
  if (to === "") return "resolved";
  if (subscriptions.patterns.count(to) === 1) checkPattern(to);
  return group.resolved.has(to) ? "resolved" : "changed";
}

/** @throws GroupRefusal */
function checkPattern(pattern: string): void {
  const compiled = compilePattern(pattern);
  if ("fault" in compiled)
    throw new GroupRefusal(
      errorCode.invalidRegularExpression,
      `SubscribedTopicRegex \`${pattern}\` is not a valid regular expression: ${compiled.fault}.`,
    );
}

type Resolved = ReadonlyMap<string, ResolvedPattern>;

/** A turn of matching. Many patterns on many topics take long, and so may a single one of a hostile client. */
function matchFor(
  world: GroupWorld,
  groupId: string,
  matching: Iterator<void, Resolved>,
): GroupResult {
  const { clock, timers } = world;
  const startMs = clock.monotonicMs();
  let tookMs = 0;
  while (tookMs < turnMs) {
    const step = matching.next();
    if (step.done === true) return takeMatches(world, groupId, step.value);
    tookMs = clock.monotonicMs() - startMs;
  }
  timers.schedule(groupId, patternsTimer, {
    delayMs: tookMs,
    fire: () => matchFor(world, groupId, matching),
  });
  return nothing;
}

/** Names that come meanwhile may be missed: as of the begin, so that they count as new then. */
function* matchPatterns(
  { topics, clock }: GroupWorld,
  patterns: readonly string[],
  mayDescribe: (topic: string) => boolean,
): Generator<void, Resolved> {
  const as = { version: topics.appliedOffset, timestamp: clock.wallMs() };
  const resolved = new Map<string, ResolvedPattern>();
  for (const pattern of patterns) {
    const compiled = compilePattern(pattern);
    const matched = new Set<string>();
    for (const topic of topics.topicNames()) {
      // The whole name has to match.
      if (!("fault" in compiled) && compiled.matches(topic) && mayDescribe(topic))
        matched.add(topic);
      yield;
    }
    resolved.set(pattern, { ...as, topics: matched });
  }
  return resolved;
}

/** What nobody is subscribed to any more is forgotten already. */
function takeMatches(world: GroupWorld, groupId: string, matches: Resolved): GroupResult {
  const group = consumerGroup(world, groupId);
  if (group === undefined) return nothing;
  const { patterns } = group.subscriptions;
  const next = new Subscriptions(group.subscriptions);
  const records: CoordinatorRecord[] = [];
  let isNext = false;
  for (const [pattern, match] of matches) {
    if (!patterns.has(pattern)) continue;
    const before = group.resolved.get(pattern)?.topics ?? new Set();
    next.resolve(pattern, match);
    records.push(patternRecord(groupId, pattern, match));
    if (match.topics.size !== before.size || [...match.topics].some((topic) => !before.has(topic)))
      isNext = true;
  }
  const hash = next.topics.hash(world.topics);
  if (isNext || hash !== group.metadataHash)
    records.push(epochRecord(groupId, group.groupEpoch + 1, hash));
  return { records, response: undefined };
}
