import { BaseError, messageOf } from "@millrace/model";

export type SerdeErrorCode = "SERIALIZATION_FAILED" | "DESERIALIZATION_FAILED";

interface FailurePlace {
  readonly topic: string;
  readonly serde: string;
  readonly cause: unknown;
  /** The key that a store is asked for, such as `a key of store counts`: nothing of it goes to a topic. */
  readonly query?: string;
}

/** A serde could not do its work (Kafka: `SerializationException`). The cause is what the serde threw. */
export class SerdeError extends BaseError<SerdeErrorCode> {
  /** The topic that the bytes come from or go to; of a store: its changelog. */
  readonly topic: string;
  /** Name of the serde, such as `json`. */
  readonly serde: string;

  constructor(code: SerdeErrorCode, where: FailurePlace) {
    super(code, describe(code, where), { cause: where.cause });
    this.topic = where.topic;
    this.serde = where.serde;
  }
}

function describe(code: SerdeErrorCode, { topic, serde, cause, query }: FailurePlace): string {
  const reason = messageOf(cause);
  if (query !== undefined)
    return `${serde} could not serialise ${query}: ${reason}. Check that the key has the type that this serde is for.`;
  return code === "SERIALIZATION_FAILED"
    ? `${serde} could not serialise a value for ${topic}: ${reason}. Check that the value has the type that this serde is for.`
    : `${serde} could not deserialise bytes of ${topic}: ${reason}. Check that the topic was written with this serde, or, in an application, set onDeserializationError.`;
}
