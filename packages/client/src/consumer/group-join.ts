import type { TopicPartition } from "@millrace/model";
import { JoinedSignal } from "@millrace/platform";
import type { ConsumerMembership } from "../group/consumer-membership.ts";

type Outcome = { readonly partitions: readonly TopicPartition[] } | { readonly failure: unknown };

/**
 * A consumer's joins of its group, one at a time, which go on while it reads; what comes of them, and what becomes of the
 * membership meanwhile, is kept until the consumer looks.
 */
export class GroupJoin {
  /** The group has forgotten the member since the consumer looked last: what it had before is lost. */
  isLost = false;
  readonly #membership: ConsumerMembership;
  readonly #onNews: () => void;
  #ends = new AbortController();
  #joining: Promise<void> | undefined;
  #outcome: Outcome | undefined;
  /** Of what was assigned or looked at last. */
  #generationId = -1;

  constructor(membership: ConsumerMembership, onNews: () => void) {
    this.#membership = membership;
    this.#onNews = onNews;
    membership.onChange(() => {
      if (!membership.isMember) {
        this.isLost = true;
        this.#outcome = undefined;
      }
      onNews();
    });
  }

  /** There is something to be done: begin, take what has come, or look at what was lost. */
  get isNeeded(): boolean {
    if (this.isLost || this.#outcome !== undefined) return true;
    if (this.#joining !== undefined) return false;
    return this.#membership.needsJoin || this.isOfNextGeneration;
  }

  get mayBegin(): boolean {
    return this.#joining === undefined && this.#outcome === undefined;
  }

  /** The group has gone on without a join. */
  get isOfNextGeneration(): boolean {
    return this.#membership.isMember && this.#generationId !== this.#membership.generationId;
  }

  begin(signal: AbortSignal): void {
    this.#joining = this.#run(new JoinedSignal(signal, this.#ends.signal));
  }

  /** Resolves when no join is under way. */
  async ended(): Promise<void> {
    await this.#joining;
  }

  /**
   * What the group has given, until it is done with.
   *
   * @throws what has kept the member from joining
   */
  takeOutcome(): readonly TopicPartition[] | undefined {
    const outcome = this.#outcome;
    if (outcome === undefined) return undefined;
    if ("partitions" in outcome) return outcome.partitions;
    this.#outcome = undefined;
    throw outcome.failure;
  }

  /** The consumer has taken what was given. */
  done(given: readonly TopicPartition[]): void {
    if (this.#outcome !== undefined && "partitions" in this.#outcome)
      if (this.#outcome.partitions === given) this.#outcome = undefined;
  }

  confirmed(): void {
    this.#generationId = this.#membership.generationId;
  }

  lossSeen(): void {
    this.isLost = false;
  }

  giveUp(reason: string): void {
    this.#ends.abort();
    this.#ends = new AbortController();
    this.#membership.giveUp(reason);
  }

  /** Never rejects. */
  async #run(ends: JoinedSignal): Promise<void> {
    using over = ends;
    const { signal } = over;
    try {
      const { partitions } = await this.#membership.join(signal);
      // It may have been given up since the group gave them.
      if (!signal.aborted) this.#outcome = { partitions };
    } catch (failure) {
      if (!signal.aborted) this.#outcome = { failure };
    }
    this.#joining = undefined;
    this.#onNews();
  }
}
