import { OffsetOutOfRangeError } from "@millrace/cluster";
import { decodeUtf8, topicPartitionName, type TopicPartition } from "@millrace/model";
import { offsetFetchApi } from "@millrace/protocol/definitions";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import type { Attempt, Ledger, Line, SeenLine } from "./ledger.ts";
import { connectTo, keyOf, type LoadOptions } from "./load.ts";
import {
  compactedTopic,
  group,
  keptTopic,
  partitionCount,
  shortRetentionMs,
  shortTopic,
  topics,
} from "./topics.ts";

interface Found {
  readonly start: number;
  readonly lines: ReadonlyMap<number, SeenLine>;
}

type SeenLines = ReadonlyMap<number, SeenLine>;

/** By partition: all that a reader of committed records can see. */
type Everything = ReadonlyMap<string, Found>;

/** Reads all there is, and adds to the ledger what should not be so. */
export async function audit(options: LoadOptions): Promise<void> {
  const { ledger, platform } = options;
  const settled = settledNow(ledger.attempts);
  const everything = await readEverything(options);
  // What grew old while it was read may be gone.
  const nowMs = platform.clock.wallMs();
  for (const [name, found] of everything) checkOffsets(ledger, name, found);
  checkAttempts(ledger.violations, {
    attempts: settled,
    all: ledger.attempts,
    everything,
    nowMs,
  });
  checkOrder(ledger, everything);
  checkCommitted(ledger, settled, await committedOffset(options));
}

/**
 * Those of which no more comes to be while others are written: what was acknowledged, and what its writer has left
 * behind. Who begins a transaction after one whose outcome is unknown has ended that one.
 */
function settledNow(attempts: readonly Attempt[]): readonly Attempt[] {
  const later = new Set<Attempt["kind"]>();
  return attempts
    .toReversed()
    .filter(({ kind, outcome }) => {
      const isSettled = outcome === "acked" || later.has(kind);
      later.add(kind);
      return isSettled;
    })
    .toReversed();
}

/** Anew where retention takes away what was about to be read. */
async function readEverything(options: LoadOptions): Promise<Everything> {
  for (;;) {
    try {
      return await readOnce(options);
    } catch (error) {
      if (!(error instanceof OffsetOutOfRangeError)) throw error;
      if (error.topic !== shortTopic || error.offset >= error.startOffset) throw error;
    }
  }
}

async function readOnce(options: LoadOptions): Promise<Everything> {
  const client = connectTo(options);
  try {
    await client.admin.createTopics(topics);
    const partitions = topics.flatMap(({ name: topic }) =>
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    );
    const starts = await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "earliest" as const })),
    );
    const ends = await client.admin.listOffsets(
      partitions.map((partition) => ({ ...partition, at: "latest" as const })),
      { isolation: "read_committed" },
    );
    const whole = new Map(
      partitions.map((partition) => [nameOf(partition), new Map<number, SeenLine>()]),
    );
    const reader = client.openReader({ isolation: "read_committed", fetchWaitMsMax: 50 });
    reader.assign(starts.map(({ topic, partition, offset }) => ({ topic, partition, offset })));
    while (ends.some((end) => (reader.position(end) ?? 0) < end.offset))
      for (const batch of await reader.poll({ waitMsMax: 1000 })) {
        const lines = whole.get(nameOf(batch));
        while (batch.next()) {
          const [id] = decodeUtf8(batch.value ?? new Uint8Array(0)).split(" ");
          lines?.set(batch.offset, { id, timestamp: batch.timestamp });
        }
        batch.release();
      }
    return new Map(
      starts.map((partition) => {
        const lines = whole.get(nameOf(partition)) ?? new Map<number, SeenLine>();
        return [nameOf(partition), { start: partition.offset, lines }];
      }),
    );
  } finally {
    await client.close();
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return topicPartitionName(topic, partition);
}

/** An offset has one line for ever, what was read once stays readable, and a log's start goes forward. */
function checkOffsets({ seen, starts, violations }: Ledger, name: string, found: Found): void {
  const { start, lines } = found;
  const before = starts.get(name) ?? 0;
  if (start < before) violations.push(`${name} begins at ${start}, and began at ${before}`);
  starts.set(name, start);
  const known = seen.get(name) ?? new Map<number, SeenLine>();
  seen.set(name, known);
  const mayLack = name.startsWith(compactedTopic);
  for (const [offset, { id }] of known) {
    const now = lines.get(offset)?.id;
    if (now === id || offset < start) continue;
    if (now !== undefined) violations.push(`${name}@${offset} was ${id}, is ${now}`);
    else if (!mayLack) violations.push(`${name}@${offset} was ${id}, is gone`);
  }
  if (mayLack) checkKeys(violations, { name, known, lines });
  for (const [offset, line] of lines) known.set(offset, line);
}

interface Judged {
  readonly attempts: readonly Attempt[];
  /** By their numbers, from 1. */
  readonly all: readonly Attempt[];
  readonly everything: Everything;
  readonly nowMs: number;
}

function checkAttempts(violations: string[], { attempts, all, everything, nowMs }: Judged): void {
  const copies = new Map<string, number>();
  for (const { lines } of everything.values())
    for (const { id } of lines.values()) copies.set(id, (copies.get(id) ?? 0) + 1);
  const present = presentByKey(everything, all);
  for (const attempt of attempts) {
    const { lines, outcome, kind } = attempt;
    const there = lines.filter(({ id }) => copies.has(id));
    for (const { id } of there) {
      const count = copies.get(id) ?? 0;
      if (count > 1) violations.push(`line ${id} of ${kind} is there ${count} times`);
    }
    if (outcome === "aborted" && there.length > 0)
      violations.push(`${there.length} lines of a transaction are seen that was aborted`);
    const staying = lines.filter(
      ({ topic, timestamp }) =>
        topic === keptTopic || (topic === shortTopic && timestamp > nowMs - shortRetentionMs),
    );
    const missing = staying.filter(({ id }) => !copies.has(id));
    if (outcome === "acked" && missing.length > 0)
      violations.push(`acknowledged ${kind}: ${missing.map(nameOfLine).join(", ")} lost`);
    const isHalf = missing.length > 0 && there.length > 0;
    if (kind === "transactional" && outcome === "unknown" && isHalf)
      violations.push(`of a transaction ${missing[0].id} is missing, ${there[0].id} is there`);
    if (outcome === "acked") checkCompacted(attempt, copies, present, violations);
  }
}

/**
 * Of a compacted topic a line may be gone only where a newer one of its key is there. Which of two is newer is known of
 * those of one writer, and of those that were seen.
 */
function checkCompacted(
  { lines, kind }: Attempt,
  copies: ReadonlyMap<string, number>,
  present: ReadonlyMap<string, readonly PresentLine[]>,
  violations: string[],
): void {
  for (const line of lines) {
    if (line.topic !== compactedTopic || copies.has(line.id)) continue;
    const others = present.get(`${line.partition} ${keyOf(line)}`) ?? [];
    const isNewer = (other: PresentLine): boolean =>
      other.kind !== kind || isLater(other.id, line.id);
    if (!others.some(isNewer))
      violations.push(`line ${line.id} was compacted away, though it is the last of its key`);
  }
}

interface PresentLine {
  readonly id: string;
  readonly kind: Attempt["kind"] | undefined;
}

/** What is there of the compacted topic, by partition and key. */
function presentByKey(
  everything: Everything,
  attempts: readonly Attempt[],
): ReadonlyMap<string, readonly PresentLine[]> {
  const present = new Map<string, PresentLine[]>();
  for (let partition = 0; partition < partitionCount; partition++) {
    const found = everything.get(nameOf({ topic: compactedTopic, partition }));
    for (const line of found?.lines.values() ?? []) {
      const key = `${partition} ${keyOf(line)}`;
      const { kind } = attempts[attemptNumber(line.id) - 1] ?? {};
      const known = present.get(key) ?? [];
      known.push({ id: line.id, kind });
      present.set(key, known);
    }
  }
  return present;
}

/** A line that was seen is gone only where one of its key stands behind it. */
function checkKeys(
  violations: string[],
  {
    name,
    known,
    lines,
  }: { readonly name: string; readonly known: SeenLines; readonly lines: SeenLines },
): void {
  const last = new Map<string, number>();
  for (const [offset, line] of lines) last.set(keyOf(line), offset);
  for (const [offset, line] of known)
    if (!lines.has(offset) && (last.get(keyOf(line)) ?? -1) < offset)
      violations.push(`${name}@${offset} was compacted away, though it is the last of its key`);
}

function isLater(left: string, right: string): boolean {
  const [[leftAttempt, leftIndex], [rightAttempt, rightIndex]] = [left, right].map((id) =>
    id.split(".").map(Number),
  );
  return leftAttempt > rightAttempt || (leftAttempt === rightAttempt && leftIndex > rightIndex);
}

function nameOfLine({ id, topic, partition, timestamp }: Line): string {
  return `${id} of ${nameOf({ topic, partition })} at ${timestamp}`;
}

function attemptNumber(id: string): number {
  return Number(id.split(".")[0]);
}

/** Within a partition the lines of one writer stand in the order in which it sent them. */
function checkOrder({ attempts, violations }: Ledger, everything: Everything): void {
  const ranks = new Map<string, { readonly writer: number; readonly rank: number }>();
  for (const { writer, lines } of attempts)
    for (const { id } of lines) ranks.set(id, { writer, rank: ranks.size });
  for (const [name, { lines }] of everything) {
    const last = new Map<number, number>();
    for (const { id } of lines.values()) {
      const own = ranks.get(id);
      if (own === undefined) violations.push(`${name} has a line ${id} that nobody wrote`);
      else if (own.rank < (last.get(own.writer) ?? -1))
        violations.push(`${name}: ${id} stands after a later line of its writer`);
      else last.set(own.writer, own.rank);
    }
  }
}

/** The group has what the last acknowledged transaction committed, or a later one, and never what was aborted. */
function checkCommitted(
  { attempts, violations }: Ledger,
  settled: readonly Attempt[],
  committed: number,
): void {
  const acked = settled.filter(
    ({ kind, outcome }) => kind === "transactional" && outcome === "acked",
  );
  const least = acked.at(-1)?.groupOffset ?? -1;
  if (committed < least) violations.push(`the group has ${committed}, ${least} was committed`);
  const aborted = attempts.find(({ groupOffset }) => groupOffset === committed);
  if (aborted?.outcome === "aborted")
    violations.push(`the group has ${committed}, whose transaction was aborted`);
}

async function committedOffset({ platform, address }: LoadOptions): Promise<number> {
  const client = await TestClient.connect(platform, address);
  try {
    for (;;) {
      const answer = await client.ask(offsetFetchApi, 7, {
        groupId: group,
        topics: [{ name: keptTopic, partitionIndexes: [0] }],
        requireStable: true,
      });
      const found = answer?.topics[0]?.partitions[0];
      if (found === undefined) throw new Error("the broker closed the connection");
      if (answer?.errorCode === 0 && found.errorCode === 0) return found.committedOffset;
      await platform.timers.sleep(50);
    }
  } finally {
    client.connection.destroy();
  }
}
