// Answers recorded cases of the formats by our code: one case a line in, one answer a line out.
import { text } from "node:stream/consumers";

import { answerCase, closeAnswerers, kindOf } from "./answerers.ts";
import { parseCases } from "./facts.ts";

const unanswered = new Map<string, number>();
for (const given of parseCases(await text(process.stdin))) {
  const answer = await answerCase(given);
  if (answer === undefined) {
    unanswered.set(kindOf(given), (unanswered.get(kindOf(given)) ?? 0) + 1);
  } else {
    process.stdout.write(`${JSON.stringify(answer, asDouble)}\n`);
  }
}
await closeAnswerers();
for (const [kind, count] of unanswered) console.error(`nothing answers ${count} of ${kind}`);

/** A double without a fraction is no integer beyond 2^53: it has an exponent then. */
function asDouble(_name: string, value: unknown): unknown {
  const isLarge = typeof value === "number" && Number.isInteger(value) && Math.abs(value) > 2 ** 53;
  return isLarge ? rawJson(value.toExponential()) : value;
}

function rawJson(text: string): unknown {
  // The types of the library lag behind: it is there since Node 22.
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
