import { fileURLToPath } from "node:url";

/** What Apache Kafka 4.3.1 answered. */
export const answersFile = fileURLToPath(new URL("apache-kafka.json", import.meta.url));
