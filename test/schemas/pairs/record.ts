// Asks Apache Avro's Java library about a sample of pairs, and writes down what it answers: `node test/schemas/pairs/record.ts`.
import { writeFileSync } from "node:fs";

import { judgePairs } from "./ask-java.ts";
import { generatePairs } from "./generate-pairs.ts";

const sample = await judgePairs(generatePairs(1, 200));
const lines = sample.map((pair) => `${JSON.stringify(pair)}\n`).join("");
writeFileSync(new URL("sample.jsonl", import.meta.url), lines);
