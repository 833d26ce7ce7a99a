import { topicPartitionName, type Headers, type TopicPartition } from "@millrace/model";

import type { PlannedSend } from "../plan/run-plan.ts";

/** A record as a reader of committed ones saw it. */
export interface SeenRecord extends TopicPartition {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

/** Something that happened, in virtual time; records are told when somebody wants to read of them. */
export type HistoryEvent = { readonly atMs: number } & (
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "fault"; readonly text: string }
  | { readonly kind: "sent"; readonly send: PlannedSend }
  | { readonly kind: "seen"; readonly record: SeenRecord }
);

export interface Violation {
  readonly invariant: string;
  readonly message: string;
  readonly cause: unknown;
}

/** What happened in a run: the harness's own memory, which no fault touches. */
export class RunHistory {
  readonly events: HistoryEvent[] = [];
  /** By topic, in the order in which they were seen. */
  readonly #seen = new Map<string, SeenRecord[]>();
  readonly #sent: PlannedSend[] = [];
  readonly #known = new Set<string>();
  readonly #effects = new Map<string, unknown[]>();
  readonly #now: () => number;
  violation: Violation | undefined;
  /** What ended an instance last. */
  lastFailure: string | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  note(text: string): void {
    this.events.push({ atMs: this.#now(), kind: "note", text });
  }

  fault(text: string): void {
    this.events.push({ atMs: this.#now(), kind: "fault", text });
  }

  /** Told once, however often it is tried. */
  send(send: PlannedSend): void {
    this.#sent.push(send);
    this.events.push({ atMs: this.#now(), kind: "sent", send });
  }

  get sent(): readonly PlannedSend[] {
    return this.#sent;
  }

  see(record: SeenRecord): void {
    const name = `${topicPartitionName(record.topic, record.partition)}@${record.offset}`;
    if (this.#known.has(name)) return;
    this.#known.add(name);
    const records = this.#seen.get(record.topic) ?? [];
    this.#seen.set(record.topic, records);
    records.push(record);
    this.events.push({ atMs: this.#now(), kind: "seen", record });
  }

  seen(topic: string): readonly SeenRecord[] {
    return this.#seen.get(topic) ?? [];
  }

  effect(name: string, value: unknown): void {
    const values = this.#effects.get(name) ?? [];
    this.#effects.set(name, values);
    values.push(value);
  }

  effects(name: string): readonly unknown[] {
    return this.#effects.get(name) ?? [];
  }

  violate(invariant: string, message: string, cause?: unknown): void {
    this.violation ??= { invariant, message, cause };
  }
}
