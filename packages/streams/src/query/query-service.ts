import type { PartitionAnswers } from "./local-answers.ts";
import { decodeRequest, encodeFailure, encodePage } from "./query-wire.ts";

/**
 * Answers what another instance asks, from the stores of this process alone: it is never asked on, so that a request
 * cannot go round.
 */
export class QueryService {
  readonly #local: PartitionAnswers;

  constructor(local: PartitionAnswers) {
    this.#local = local;
  }

  /** Lines of an answer: pages, or last what it ended with. */
  async *answer(request: string): AsyncGenerator<string, void, undefined> {
    try {
      for await (const page of this.#local.ask(decodeRequest(request))) yield encodePage(page);
    } catch (error) {
      yield encodeFailure(error);
    }
  }
}
