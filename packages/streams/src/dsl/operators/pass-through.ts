import type { Processor, ProcessorContext } from "../../processor/processor.ts";
import type { StreamRecord } from "../../processor/stream-record.ts";

/** Passes records on as they are: where streams merge, and where a table becomes a stream. */
export class PassThroughProcessor implements Processor {
  readonly forwardsNewRecords: boolean;
  #context: ProcessorContext | undefined;

  constructor({ forwardsNewRecords = false }: { readonly forwardsNewRecords?: boolean } = {}) {
    this.forwardsNewRecords = forwardsNewRecords;
  }

  init(context: ProcessorContext): void {
    this.#context = context;
  }

  process(record: StreamRecord): void {
    this.#context?.forward(record);
  }
}
