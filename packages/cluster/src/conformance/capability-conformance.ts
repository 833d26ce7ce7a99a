import { noBytes } from "@millrace/model";
import { checkEqual, codeOf, failureOf } from "@millrace/model/conformance";

import type { ClusterCapability } from "../cluster-capabilities.ts";
import type { ClusterClient } from "../cluster-client.ts";
import { caseOf, createTopic, type ClusterCase, type ClusterSubject } from "./cluster-case.ts";

/** What asks for a capability in the plainest way. */
const uses: Readonly<
  Partial<
    Record<ClusterCapability, (client: ClusterClient, subject: ClusterSubject) => Promise<void>>
  >
> = {
  transactions: async (client, subject) => {
    client.openWriter({ transactionalId: subject.newName("id") });
  },
  zstd: async (client) => {
    client.openWriter({ compression: "zstd" });
  },
  "static-membership": async (client, subject) => {
    client.openMembership({
      groupId: subject.newName("group"),
      groupInstanceId: "seat",
      assignors: [],
      topics: () => [],
    });
  },
  "streams-groups": async (client, subject) => {
    client.openStreamsMembership({
      groupId: subject.newName("group"),
      memberId: "member",
      processId: "process",
      subtopologies: [],
    });
  },
  "exact-headers": async (client, subject) => {
    const topic = await createTopic(client, subject);
    client
      .openWriter({})
      .partition(topic, 0)
      .append(1, null, noBytes, [["h", null]]);
  },
  "fenced-offsets": async (client, subject) => {
    const transactionalId = subject.newName("id");
    const writer = client.openWriter({ transactionalId });
    await writer.initialize();
    writer.begin();
    const groupId = subject.newName("group");
    await writer.sendOffsets([], {
      groupId,
      memberId: "",
      generationId: -1,
      groupInstanceId: null,
    });
  },
};

export const capabilityConformance: readonly ClusterCase[] = [
  caseOf("what a client lacks it refuses by name", async (client, subject) => {
    for (const [capability, use] of Object.entries(uses)) {
      if (client.capabilities.has(capability as ClusterCapability)) continue; // a key of the table above
      const failure = await failureOf(() => use(client, subject));
      checkEqual(codeOf(failure), "UNSUPPORTED_BY_CLIENT", capability);
    }
  }),
];
