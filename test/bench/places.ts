import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Path of a file beside this one. */
export function besideBench(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

export const repository = besideBench("../..");
export const kafkaBroker = besideBench("../../../shared/apache-kafka/broker");
export const opponent = besideBench("../../../shared/apache-kafka/opponent/opponent");

/** Why Kafka cannot be measured here; undefined where it can. */
export function kafkaMissing(): string | undefined {
  if (!existsSync(opponent)) return "../shared/apache-kafka is not there";
  if (spawnSync("java", ["-version"]).error !== undefined) return "there is no java";
  return undefined;
}
