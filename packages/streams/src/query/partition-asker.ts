import { JoinedSignal, type Platform } from "@millrace/platform";

import { QueryError } from "../error/query-error.ts";
import type {
  AnswerPage,
  LocalRole,
  PartitionAnswers,
  PartitionRequest,
  QueryLife,
  PartitionAnswer,
} from "./local-answers.ts";
import type { QueryTransport } from "./query-transport.ts";
import { encodeRequest } from "./query-wire.ts";
import type { QueryableStore } from "./queryable-stores.ts";
import { RemoteAnswer } from "./remote-answer.ts";
import type { Owner, TaskOwners } from "./task-owners.ts";

const firstPauseMs = 10;
const pauseMsMax = 500;
/** An instance that says nothing for so long does not answer, however long the query goes on. */
const silenceMsMax = 5000;

export interface PartitionAskerParts {
  readonly platform: Pick<Platform, "clock" | "timers">;
  readonly applicationId: string;
  readonly local: PartitionAnswers;
  readonly owners: TaskOwners;
  /** Undefined: nobody but this process is asked. */
  readonly transport: QueryTransport | undefined;
  /** `host:port` of this instance, where it has one. */
  readonly ownAddress: string | undefined;
}

/** How long a query goes on. */
export interface AskBounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** True: other instances are not asked. */
  readonly isLocal: boolean;
}

/** Asks one of those who have it; of a page of another instance no more is awaited than so long. */
type Ask = (silenceMs: number) => AsyncIterable<AnswerPage>;

/**
 * Asks whoever has a partition: this process, or the instance that the group gave it to, or one that has a copy. While
 * tasks move, and for an instance that does not answer, it is asked again, within the bound. An instance that is asked
 * asks nobody else, so that a request never goes round.
 */
export class PartitionAsker {
  readonly #parts: PartitionAskerParts;

  constructor(parts: PartitionAskerParts) {
    this.#parts = parts;
  }

  /** As `PartitionAnswers.whole`. Undefined: whoever has it is to be asked; the task may have moved meanwhile. */
  async here(request: PartitionRequest, life: QueryLife): Promise<PartitionAnswer | undefined> {
    try {
      return await this.#parts.local.whole(request, life);
    } catch (error) {
      if (!(error instanceof QueryError) || !error.retriable) throw error;
      return undefined;
    }
  }

  /**
   * The pages of an answer. Once there is a first page, what ends it is thrown: the rows of another answer may be
   * others.
   *
   * @throws QueryError
   */
  async *ask(
    store: QueryableStore,
    request: PartitionRequest,
    bounds: AskBounds,
  ): AsyncGenerator<AnswerPage, void, undefined> {
    const { clock, timers } = this.#parts.platform;
    const endMs = clock.monotonicMs() + bounds.timeoutMs;
    let pauseMs = firstPauseMs;
    for (;;) {
      let failure: unknown;
      const candidates = this.#candidates(store, request, bounds);
      for (const [index, ask] of candidates.entries()) {
        bounds.signal.throwIfAborted();
        let hasBegun = false;
        // One that is silent leaves the others their share of the time.
        const leftMs = Math.max(pauseMsMax, endMs - clock.monotonicMs());
        const silenceMs = Math.min(silenceMsMax, leftMs / (candidates.length - index));
        try {
          for await (const page of ask(silenceMs)) {
            bounds.signal.throwIfAborted();
            hasBegun = true;
            yield page;
          }
          return;
        } catch (error) {
          bounds.signal.throwIfAborted();
          if (!(error instanceof QueryError) || !error.retriable) throw error;
          if (hasBegun) throw interrupted(request, error);
          failure = error;
        }
      }
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) throw failure ?? this.#nobody(store, request);
      await timers.sleep(Math.min(pauseMs, leftMs), bounds.signal);
      pauseMs = Math.min(2 * pauseMs, pauseMsMax);
    }
  }

  #nobody(store: QueryableStore, request: PartitionRequest): QueryError {
    const role = this.#parts.local.has(store, request.partition);
    return role === "restoring" ? beingRestored(request) : nobodyHas(request, role);
  }

  #candidates(
    store: QueryableStore,
    request: PartitionRequest,
    { isLocal, signal }: AskBounds,
  ): readonly Ask[] {
    const { local, owners, transport, ownAddress } = this.#parts;
    const here: Ask = () => local.ask(request);
    const role = local.has(store, request.partition);
    if (role === "active" || store.subtopology === undefined) return [here];
    const others: readonly Owner[] =
      isLocal || transport === undefined
        ? []
        : owners.of(store, request.partition).filter(({ address }) => address !== ownAddress);
    const remote = (isStandby: boolean): readonly Ask[] =>
      others
        .filter((owner) => owner.isStandby === isStandby)
        .map(
          ({ address }): Ask =>
            (silenceMs) =>
              this.#remote(new RemoteAnswer(address, store, request), {
                address,
                request,
                signal,
                silenceMs,
              }),
        );
    if (!request.allowsStandby) return remote(false);
    return [...remote(false), ...(role === undefined ? [] : [here]), ...remote(true)];
  }

  /** A process that stands still, or a wire that was cut, takes a request and never answers. */
  async *#remote(
    answer: RemoteAnswer,
    { address, request, signal, silenceMs }: RemoteAsk,
  ): AsyncGenerator<AnswerPage, void, undefined> {
    const { transport, applicationId, platform } = this.#parts;
    if (transport === undefined) return;
    const silence = new AbortController();
    const giveUp = (): void =>
      silence.abort(
        new QueryError(
          "INSTANCE_UNREACHABLE",
          `${address} has not answered for ${Math.round(silenceMs)} ms: does its process stand still?`,
        ),
      );
    using either = new JoinedSignal(signal, silence.signal);
    let timer = platform.timers.after(silenceMs, giveUp);
    try {
      const text = encodeRequest(request, applicationId);
      for await (const line of transport.ask(address, text, either.signal)) {
        timer.cancel();
        // As long as who asks takes for it, the other is not waited for.
        yield answer.read(line);
        timer = platform.timers.after(silenceMs, giveUp);
      }
      answer.end();
    } finally {
      timer.cancel();
    }
  }
}

interface RemoteAsk {
  readonly address: string;
  readonly request: PartitionRequest;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
}

function nobodyHas(
  { store, partition }: PartitionRequest,
  role: LocalRole | undefined,
): QueryError {
  const copies = role === undefined ? "" : "; or let copies answer, as is one here: standbys: true";
  return new QueryError(
    "NOT_PRESENT",
    `no instance is known to have partition ${partition} of store ${store}: tasks are moving, or whoever has it has no address for queries; give each instance one, or ask the one that has it${copies}`,
  );
}

/** It is to become active here, however long that takes: it may be awaited. */
function beingRestored({ store, partition }: PartitionRequest): QueryError {
  return new QueryError(
    "NOT_ACTIVE",
    `partition ${partition} of store ${store} is being restored here, and nobody else who may be asked is known to have it; ask again, or let copies answer: standbys: true`,
  );
}

function interrupted({ store, partition }: PartitionRequest, cause: QueryError): QueryError {
  return new QueryError(
    "QUERY_INTERRUPTED",
    `partition ${partition} of store ${store} moved, or was written too much, while it was read; read it again: ${cause.message}`,
    cause,
  );
}
