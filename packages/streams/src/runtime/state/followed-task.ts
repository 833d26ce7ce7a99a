import type { OffsetAndMetadata } from "@millrace/cluster";
import { invariant, type Offset } from "@millrace/model";

import { taskIdText, type TaskId } from "../../processor/task-id.ts";
import { mergePositions, type Position } from "../../query/position.ts";
import type { StartingPoint } from "../offset-resets.ts";
import type { AssignedTask } from "../task-assignments.ts";
import { ChangelogReading, type ChangelogReadingOptions } from "./changelog-reading.ts";
import type { RestoreEvent, RestoreProgress } from "./restore-event.ts";
import type { TaskState } from "./task-state.ts";

/** A task whose state holds all that belongs to what is committed. */
export interface ReadyTask extends AssignedTask {
  readonly state: TaskState;
  /** Of its inputs. */
  readonly committed: readonly OffsetAndMetadata[];
  /** Where the inputs are to be read. */
  readonly starts: readonly StartingPoint[];
}

/** Why a task is not read for any more, or otherwise. */
export type SuspendReason = Extract<RestoreEvent, { kind: "suspended" }>["reason"];

/** What a task is to be here: with its inputs an active one, else a standby. */
export interface TaskRole {
  readonly taskId: TaskId;
  readonly inputs?: AssignedTask["inputs"];
}

/** Inputs, and what of the changelogs belongs to what was processed of them. */
export interface SoughtPosition {
  readonly position: Position;
  /** By the name of the reading: all that belongs to it is below. */
  readonly ends: ReadonlyMap<string, Offset>;
}

/** A task whose state follows its changelogs: as far as they go, to become active, or for good, as a standby. */
export class FollowedTask {
  readonly taskId: TaskId;
  /** Aborts once it is let go. */
  readonly gone = new AbortController();
  /** Undefined: nobody has said yet. */
  role: TaskRole | undefined;
  /** Undefined: it is being opened. */
  state: TaskState | undefined;
  readings: readonly ChangelogReading[] = [];
  /** Of the last plan for it; an older one comes to nothing. */
  plan = 0;
  /** True: what it is to read is known. */
  isPlanned = false;
  /** True: it waits to become active. */
  isReady = false;
  committed: readonly OffsetAndMetadata[] = [];
  starts: readonly StartingPoint[] = [];
  /** Of its inputs: queries see all up to there in its stores, and maybe more. */
  seen: Position = {};
  #sought: SoughtPosition | undefined;
  /** Of the positions that were committed last. */
  #committedSum: Offset = -1;

  constructor(taskId: TaskId, state?: TaskState) {
    this.taskId = taskId;
    this.state = state;
  }

  get name(): string {
    return taskIdText(this.taskId);
  }

  /** True: it is to become active. */
  get isRestoring(): boolean {
    return this.role?.inputs !== undefined;
  }

  /** True: all that belongs to what is committed is in its stores. */
  get isRestored(): boolean {
    return this.isRestoring && this.isPlanned && this.readings.every(({ isAtStop }) => isAtStop);
  }

  /**
   * Stores that hold what was processed, where nobody knows any more how far that was: all committed offsets of the task's
   * inputs are gone.
   */
  get storesAhead(): readonly string[] {
    if (!this.isRestoring || this.committed.length > 0) return [];
    return this.readings
      .filter(({ isSourceTopic, hasChanges }) => !isSourceTopic && hasChanges)
      .map(({ store }) => store);
  }

  /** True: a standby of a source topic that serves as changelog. */
  get followsSource(): boolean {
    return !this.isRestoring && this.isPlanned && this.readings.some((one) => one.isSourceTopic);
  }

  get offsetSum(): Offset {
    return this.readings.reduce((sum, { position }) => sum + position, 0);
  }

  /** True: it is that already, for the same inputs. */
  is({ inputs }: TaskRole): boolean {
    if (this.role === undefined) return false;
    return namesOf(this.role.inputs) === namesOf(inputs);
  }

  /** The readings of its stores, made once. */
  open(
    common: Pick<ChangelogReadingOptions, "isTransactional" | "logger">,
  ): readonly ChangelogReading[] {
    const { state } = this;
    invariant(state !== undefined, "STREAMS-12", this.taskId);
    if (this.readings.length > 0) return this.readings;
    const { partition } = this.taskId;
    this.readings = state.subtopology.changelogTopics.map(
      ({ name, store, isSourceTopic }) =>
        new ChangelogReading({
          state,
          store,
          changelog: { topic: name, partition },
          isSourceTopic,
          ...common,
        }),
    );
    return this.readings;
  }

  /** What it has seen once its readings are that far. */
  seek(sought: SoughtPosition): void {
    this.#sought = sought;
  }

  get isSeeking(): boolean {
    return this.#sought !== undefined;
  }

  /** True: it has come to what it was to find; once it is committed `seen` tells it. */
  get isAtSought(): boolean {
    const ends = this.#sought?.ends;
    if (ends === undefined || !this.isPlanned) return false;
    return this.readings.every(({ name, position }) => position >= (ends.get(name) ?? Infinity));
  }

  /** Writes what was read, with the positions: a stage holds what was replayed into any store of its task. */
  commit(): void {
    if (!this.isPlanned) return;
    const sum = this.offsetSum;
    if (sum !== this.#committedSum)
      this.state?.stores.commit(
        new Map(this.readings.map(({ store, position }) => [store, position])),
      );
    this.#committedSum = sum;
    if (this.#sought === undefined || !this.isAtSought) return;
    this.seen = mergePositions(this.seen, this.#sought.position);
    this.#sought = undefined;
  }

  /** A store was emptied: its position is not what was committed. */
  forgetCommitted(): void {
    this.#committedSum = -1;
    this.seen = {};
    this.#sought = undefined;
  }

  progress(endOf: (reading: ChangelogReading) => Offset | undefined): readonly RestoreProgress[] {
    if (!this.isPlanned) return [];
    const role = this.isRestoring ? "active" : "standby";
    return this.readings.map((reading) => reading.progress(role, endOf(reading)));
  }
}

function namesOf(inputs: AssignedTask["inputs"] | undefined): string | undefined {
  return inputs
    ?.map(({ topic }) => topic)
    .sort()
    .join(" ");
}
