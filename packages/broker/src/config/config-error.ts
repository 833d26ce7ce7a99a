import { BaseError } from "@millrace/model";

export type ConfigErrorCode =
  /** Kafka knows no property of that name. */
  | "UNKNOWN_PROPERTY"
  /** The value does not parse, or lies outside its bounds. */
  | "INVALID_PROPERTY"
  /** The interval of a subscription to metrics, which Kafka calls an invalid request. */
  | "OUT_OF_RANGE";

/** A property of the broker or of a topic that cannot be taken. */
export class ConfigError extends BaseError<ConfigErrorCode> {
  readonly property: string;

  constructor(code: ConfigErrorCode, property: string, message: string) {
    super(code, message);
    this.property = property;
  }
}
