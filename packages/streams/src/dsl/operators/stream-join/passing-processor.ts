import type { Processor, ProcessorContext } from "../../../processor/processor.ts";
import type { StreamRecord } from "../../../processor/stream-record.ts";

/** Where the results of both sides come together (Kafka: `PassThrough`). */
export class PassingProcessor implements Processor {
  #context: ProcessorContext | undefined;

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record);
  }
}
