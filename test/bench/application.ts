// The Millrace side of one measurement, in a process of its own: `application.ts throughput|latency|cold
// --bootstrap HOST:PORT --workload NAME --state DIR`. Prints one JSON line with the fields of the Java side.
import { parseApplicationOptions } from "./application-options.ts";

const options = parseApplicationOptions(process.argv.slice(2));
const line = await measure();
process.stdout.write(`${JSON.stringify(line)}\n`);
process.exit(0);

/** Loads only what the measure needs: a cold start pays for every module. */
async function measure(): Promise<object> {
  switch (options.measure) {
    case "throughput":
      return (await import("./measure-throughput.ts")).measureThroughput(options);
    case "latency":
      return (await import("./measure-latency.ts")).measureLatency(options);
    case "cold":
      return (await import("./measure-cold.ts")).measureCold(options);
    default:
      throw new Error(`no measure ${options.measure satisfies never}`);
  }
}
