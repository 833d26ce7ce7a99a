import { allSuites } from "./all-suites.ts";
import { keepOutcomes } from "./recorded.ts";
import { startOurs, startTheirs } from "./targets.ts";

/*
 * node test/interop/suites/record.ts NAME        runs the suite on Apache Kafka, and keeps what passes there
 * node test/interop/suites/record.ts NAME ours   runs it on the bundled broker, and prints what does not pass
 */
const [name, whose = "theirs", ...only] = process.argv.slice(2);
const suite = allSuites.find((one) => one.name === name);
if (suite === undefined) {
  console.error(`there are ${allSuites.map((one) => one.name).join(", ")}`);
  process.exit(2);
}
const started = Date.now();
await using target = await (whose === "ours" ? startOurs(suite) : startTheirs(suite));
const outcomes = await suite.run(target, only.length === 0 ? undefined : only);
const passed = [...outcomes].filter(([, outcome]) => outcome === "passed").map(([test]) => test);
for (const [test, outcome] of outcomes) if (outcome !== "passed") console.log(`${outcome} ${test}`);
console.log(`${passed.length} of ${outcomes.size} passed, ${Date.now() - started} ms`);
if (whose === "theirs" && only.length === 0) keepOutcomes(suite, passed);
