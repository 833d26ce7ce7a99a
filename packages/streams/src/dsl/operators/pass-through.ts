import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";

/** Passes records on as they are: where streams merge, and where a table becomes a stream. */
export class PassThroughProcessor implements Processor {
  #context: ProcessorContext | undefined;

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record);
  }
}
