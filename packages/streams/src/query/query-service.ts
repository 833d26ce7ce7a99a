import type { AnswerPage, PartitionAnswers } from "./local-answers.ts";
import { decodeRequest, encodeFailure, encodePage } from "./query-wire.ts";

/**
 * Answers what another instance asks, from the stores of this process alone: it is never asked on, so that a request
 * cannot go round.
 */
export class QueryService {
  readonly #local: PartitionAnswers;
  readonly #applicationId: string;

  constructor(local: PartitionAnswers, applicationId: string) {
    this.#local = local;
    this.#applicationId = applicationId;
  }

  /** Lines of an answer: pages, of which the last one says so, or last what it ended with. */
  async *answer(text: string): AsyncGenerator<string, void, undefined> {
    try {
      const request = decodeRequest(text, this.#applicationId);
      // One page is held back: whether it is the last one the next one tells.
      let held: AnswerPage | undefined;
      for await (const page of this.#local.ask(request)) {
        if (held !== undefined) yield encodePage({ ...held, isLast: false }, request);
        held = page;
      }
      if (held !== undefined) yield encodePage({ ...held, isLast: true }, request);
    } catch (error) {
      yield encodeFailure(error);
    }
  }
}
