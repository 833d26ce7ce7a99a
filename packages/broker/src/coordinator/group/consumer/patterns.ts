import { RE2JS, RE2JSSyntaxException } from "re2js";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import { nothing, type GroupResult, type GroupWorld } from "../group-world.ts";
import { GroupRefusal } from "../refusal.ts";
import { hashOfTopics } from "../topics-hash.ts";
import { type ConsumerGroup, consumerGroup } from "./consumer-group.ts";
import { type ConsumerMember, patternOf } from "./consumer-member.ts";
import { epochRecord, patternRecord, type ResolvedPattern } from "./consumer-records.ts";
import { patternsTimer } from "./consumer-timers.ts";
import { type Subscriptions, subscriptionsOf } from "./subscriptions.ts";

/** Patterns are matched again this long after the last time at the earliest, as in Kafka. */
const refreshIntervalMsMin = 10_000;

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
    [...patterns.keys()].some((pattern) => !group.resolved.has(pattern)) ||
    last.version < world.topics.namesOffset ||
    age > world.configs.consumerOf(groupId).regexRefreshIntervalMs;
  if (isStale)
    world.timers.schedule(groupId, patternsTimer, {
      delayMs: 0,
      fire: () => matchPatterns(world, groupId, mayDescribe),
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
  if (subscriptions.patterns.get(to) === 1) checkPattern(to);
  return group.resolved.has(to) ? "resolved" : "changed";
}

/** @throws GroupRefusal */
function checkPattern(pattern: string): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    throw new GroupRefusal(
      errorCode.invalidRegularExpression,
      `SubscribedTopicRegex \`${pattern}\` is not a valid regular expression: ${error.getDescription()}.`,
    );
  }
}

function matchPatterns(
  world: GroupWorld,
  groupId: string,
  mayDescribe: (topic: string) => boolean,
): GroupResult {
  const group = consumerGroup(world, groupId);
  if (group === undefined) return nothing;
  const { patterns } = subscriptionsOf(group.members.values(), group.resolved);
  const resolved = new Map<string, ResolvedPattern>();
  const records: CoordinatorRecord[] = [];
  let isNext = false;
  const as = { version: world.topics.appliedOffset, timestamp: world.clock.wallMs() };
  for (const pattern of patterns.keys()) {
    const topics = topicsOf(world, pattern, mayDescribe);
    resolved.set(pattern, { ...as, topics });
    records.push(patternRecord(groupId, pattern, { ...as, topics }));
    const before = group.resolved.get(pattern)?.topics ?? new Set();
    if (topics.size !== before.size || [...topics].some((topic) => !before.has(topic)))
      isNext = true;
  }
  const { topics } = subscriptionsOf(group.members.values(), resolved);
  const hash = hashOfTopics(topics.keys(), world.topics);
  if (isNext || hash !== group.metadataHash)
    records.push(epochRecord(groupId, group.groupEpoch + 1, hash));
  return { records, response: undefined };
}

/** The whole name has to match. */
function topicsOf(
  world: GroupWorld,
  pattern: string,
  mayDescribe: (topic: string) => boolean,
): ReadonlySet<string> {
  const compiled = RE2JS.compile(pattern);
  const topics = new Set<string>();
  for (const topic of world.topics.topicNames())
    if (compiled.matches(topic) && mayDescribe(topic)) topics.add(topic);
  return topics;
}
