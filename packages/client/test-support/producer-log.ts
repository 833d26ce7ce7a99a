import { decodeUtf8 } from "@millrace/model";
import {
  addToSequence,
  BatchCursor,
  readBatchHeader,
  RecordBatchReader,
} from "@millrace/protocol/records";

interface Producer {
  epoch: number;
  /** The last five batches, as a broker remembers them. */
  batches: { readonly first: number; readonly last: number; readonly offset: number }[];
}

const none = 0;
const outOfOrder = 45;
const oldEpoch = 47;

/** One partition with Kafka's rules for producers' sequences, and the values that it holds. */
export class ProducerLog {
  readonly values: string[] = [];
  readonly #producers = new Map<number, Producer>();
  readonly #isFirstChecked: boolean;

  /** Where transactions have version 2, the first sequence of a producer that is new must be 0 too. */
  constructor({ isFirstChecked = false }: { readonly isFirstChecked?: boolean } = {}) {
    this.#isFirstChecked = isFirstChecked;
  }

  append(bytes: Uint8Array): { readonly errorCode: number; readonly baseOffset: number } {
    const cursor = new BatchCursor(bytes);
    cursor.next();
    const header = readBatchHeader(bytes, 0);
    const { producerId, producerEpoch, baseSequence: first, recordCount } = header;
    const last = addToSequence(first, recordCount - 1);
    let producer = this.#producers.get(producerId);
    if (producer !== undefined && producerEpoch < producer.epoch)
      return { errorCode: oldEpoch, baseOffset: -1 };
    if (producer === undefined || producerEpoch > producer.epoch) {
      const isChecked = producer !== undefined || this.#isFirstChecked;
      if (isChecked && first !== 0) return { errorCode: outOfOrder, baseOffset: -1 };
      producer = { epoch: producerEpoch, batches: [] };
    }
    const again = producer.batches.find((one) => one.first === first && one.last === last);
    if (again !== undefined) return { errorCode: none, baseOffset: again.offset };
    const before = producer.batches.at(-1);
    if (before !== undefined && first !== addToSequence(before.last, 1))
      return { errorCode: outOfOrder, baseOffset: -1 };
    const offset = this.values.length;
    producer.batches = [...producer.batches, { first, last, offset }].slice(-5);
    this.#producers.set(producerId, producer);
    const reader = new RecordBatchReader({ bytes });
    while (reader.next()) this.values.push(decodeUtf8(reader.value ?? new Uint8Array()));
    return { errorCode: none, baseOffset: offset };
  }
}
