// The application as a container runs it: see compose.yaml.
import { StreamsApp } from "millrace";

import { secureCluster } from "./secure-cluster.ts";
import { receipts } from "./topology.ts";

const { KAFKA_SERVERS, KAFKA_CA_FILE, KAFKA_PASSWORD } = process.env;
if (KAFKA_SERVERS === undefined || KAFKA_CA_FILE === undefined || KAFKA_PASSWORD === undefined)
  throw new Error("set KAFKA_SERVERS, KAFKA_CA_FILE and KAFKA_PASSWORD");

await StreamsApp.run(receipts(), {
  applicationId: "receipts-app",
  cluster: secureCluster(KAFKA_SERVERS, KAFKA_CA_FILE, KAFKA_PASSWORD),
});
