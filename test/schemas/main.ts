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
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  }
}
await closeAnswerers();
for (const [kind, count] of unanswered) console.error(`nothing answers ${count} of ${kind}`);
