import {
  choiceOption,
  durationOption,
  isSynchronousFunction,
  numberOption,
  parseDuration,
  valueOption,
} from "@millrace/model";
import { serdeKind } from "@millrace/serde";
import { storeEngineKinds } from "@millrace/state";

const giveUpWords = ["fail", "continue", "deadLetter"] as const;
const serde = valueOption(serdeKind);
const name = valueOption({
  allowed: "a text",
  accepts: (given) => typeof given === "string",
});
const object = {
  allowed: "an object",
  accepts: (given: unknown) => typeof given === "object" && given !== null,
};

/** What `foreachAsync` takes. */
export const awaitedActionRows = {
  name,
  key: serde,
  input: serde,
  concurrency: numberOption({ min: 1 }),
  order: choiceOption(["key", "partition", "none"], {}),
  timeout: durationOption({ minMs: 1 }),
  retry: valueOption(object),
  store: valueOption({
    allowed: 'a name, or an object such as { name: "scores-asked", engine: "memory" }',
    accepts: (given) => typeof given === "string" || object.accepts(given),
  }),
  onGiveUp: choiceOption(giveUpWords, {}),
};

/** What `mapValuesAsync` and `flatMapValuesAsync` take. */
export const awaitedValueRows = {
  ...awaitedActionRows,
  value: serde,
  onGiveUp: valueOption({
    allowed: '"fail", "continue", "deadLetter" or { value: (error, value, key) => value }',
    accepts: (given) => giveUpWords.some((word) => word === given) || isFallback(given),
  }),
};

/** What their retry takes. */
export const retryRows = {
  attempts: numberOption({ min: 1, isRequired: true }),
  backoff: valueOption({
    allowed: 'a duration such as "100ms", or { from: "100ms", to: "10s" }',
    accepts: isBackoff,
  }),
  when: valueOption({
    allowed: "a synchronous function, (error) => true or false",
    accepts: isSynchronousFunction,
  }),
};

/** What waits is always logged, and never cached. */
export const waitingStoreRows = { name, engine: choiceOption(storeEngineKinds, {}) };

function isFallback(given: unknown): boolean {
  return (
    typeof given === "object" &&
    given !== null &&
    "value" in given &&
    isSynchronousFunction(given.value)
  );
}

function isBackoff(given: unknown): boolean {
  const both = typeof given === "object" && given !== null ? given : { from: given, to: given };
  const { from, to } = both as { readonly from?: unknown; readonly to?: unknown };
  const fromMs = parseDuration(from);
  const toMs = parseDuration(to);
  return fromMs !== undefined && toMs !== undefined && fromMs <= toMs && toMs < 2 ** 31;
}
