export { boolean } from "./boolean.ts";
export { bytes } from "./bytes.ts";
export { composedOf } from "./composed-of.ts";
export { deserializeWith, serializeWith, sizeWith } from "./guarded.ts";
export { json, type JsonOptions } from "./json.ts";
export { lossOf } from "./json-form.ts";
export type { JsonRefusal, JsonValue, NoForm } from "./json-value.ts";
export { list } from "./list.ts";
export { nothing } from "./nothing.ts";
export { double, float, int16, int32, int64, int64AsNumber } from "./numbers.ts";
export { optional } from "./optional.ts";
export { SerdeContractError, serdeKind, type SerdeContractErrorCode } from "./serde-contract.ts";
export { SerdeError, type SerdeErrorCode } from "./serde-error.ts";
export { forgetPending, lastPending } from "./last-pending.ts";
export { SerdePendingError } from "./serde-pending-error.ts";
export { SerdeTimeoutError, whyOf, type AwaitedSerde } from "./serde-timeout-error.ts";
export {
  keyPlace,
  placeOf,
  valuePlace,
  type Serde,
  type SerdePart,
  type SerdePlace,
  type SerdeSource,
  type SerdeUse,
} from "./serde.ts";
export type {
  SchemaInput,
  SchemaOutput,
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from "./standard-schema.ts";
export { SerdeScratch } from "./serde-scratch.ts";
export { SerdeUses, type SerdePreparation } from "./serde-uses.ts";
export { SerdeWait, type WaitBounds } from "./serde-wait.ts";
export { string } from "./string.ts";
export { counted, type Counted } from "./counted.ts";
export { WritePlace } from "./write-place.ts";
export { uuid } from "./uuid.ts";
export { windowed, type WindowedForm } from "./windowed.ts";
