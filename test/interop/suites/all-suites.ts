import { franzGo } from "./franz-go.ts";
import { javaConsoles, secureJavaConsoles } from "./java-consoles.ts";
import { kafkaPython, secureKafkaPython } from "./kafka-python.ts";
import { kcat, secureKcat } from "./kcat.ts";
import { librdkafka, secureLibrdkafka } from "./librdkafka.ts";
import type { Suite } from "./suite.ts";

/** In the order of the card. */
export const allSuites: readonly Suite[] = [
  franzGo,
  kafkaPython,
  ...secureKafkaPython,
  librdkafka,
  secureLibrdkafka,
  kcat,
  secureKcat,
  javaConsoles,
  secureJavaConsoles,
];
