// Asks Apache Kafka, and writes down what it answers: `MILLRACE_VERIFY=1 node test/interop/answers/record.ts`.
import { writeFileSync } from "node:fs";

import { startApacheKafka } from "../apache-kafka.ts";
import { answersFile } from "./answers-file.ts";
import { answersOf } from "./scenarios.ts";

await using kafka = await startApacheKafka();
writeFileSync(answersFile, `${JSON.stringify(await answersOf(kafka.address), null, 2)}\n`);
