import { franzGo } from "./franz-go.ts";
import { javaConsoles } from "./java-consoles.ts";
import { kafkaPython } from "./kafka-python.ts";
import { librdkafka } from "./librdkafka.ts";
import type { Suite } from "./suite.ts";

/** In the order of the card. */
export const allSuites: readonly Suite[] = [franzGo, kafkaPython, librdkafka, javaConsoles];
