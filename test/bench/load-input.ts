import { jsonOf } from "./run-process.ts";
import { opponent } from "./places.ts";
import { generateInput } from "./generate-input.ts";

export interface LoadLine {
  readonly by: "opponent" | "millrace";
  readonly records: number;
  readonly recordsPerSecond: number;
}

/** Writes the input: with the Java producer, or with ours where there is no Java. */
export async function loadInput(
  bootstrap: string,
  records: number,
  hasJava: boolean,
): Promise<LoadLine> {
  if (!hasJava) return { by: "millrace", ...(await generateInput(bootstrap, records)) };
  const parameters = ["load", "--bootstrap", bootstrap, "--records", String(records)];
  return { by: "opponent", ...(await jsonOf<Omit<LoadLine, "by">>(opponent, parameters)) };
}
