import { encodeUtf8, noHeaders } from "@millrace/model";
import { check, checkEqual, codeOf, failureOf } from "@millrace/model/conformance";
import { caseOf, createTopic, untilSo, type ClusterCase } from "./cluster-case.ts";

export const adminConformance: readonly ClusterCase[] = [
  caseOf(
    "topics are made, described, listed and deleted, one result each",
    async (client, subject) => {
      const { admin } = client;
      const [first, second] = [subject.newName("made"), subject.newName("made")];
      await admin.createTopics([{ name: first, partitionCount: 1 }]);
      const results = await admin.createTopics([
        { name: first, partitionCount: 1 },
        { name: second, partitionCount: 3, configs: { "cleanup.policy": "compact" } },
      ]);
      checkEqual(
        results.map(({ name, error }) => [name, error === undefined]),
        [
          [first, false],
          [second, true],
        ],
        "results",
      );
      const described = await admin.describeTopics([second, subject.newName("nowhere")]);
      checkEqual([...described.keys()], [second], "those that are there");
      checkEqual(described.get(second)?.partitionCount, 3, "partitions");
      const names = (await admin.listTopics()).map(({ name }) => name);
      check(names.includes(first) && names.includes(second), "both are listed");
      const deleted = await admin.deleteTopics([first, subject.newName("nowhere")]);
      checkEqual(
        deleted.map(({ error }) => error === undefined),
        [true, false],
        "results of deleting",
      );
      await untilSo(
        subject,
        "the topic is gone",
        async () => !(await admin.describeTopics([first])).has(first),
      );
    },
  ),

  caseOf("it is told how topics are set up", async (client, subject) => {
    const { admin } = client;
    const name = subject.newName("kept");
    await admin.createTopics([
      { name, partitionCount: 1, configs: { "cleanup.policy": "compact" } },
    ]);
    await untilSo(subject, "the topic is there", async () =>
      (await admin.describeTopics([name])).has(name),
    );
    const [{ name: told, configs }] = await admin.describeConfigs([{ kind: "topic", name }]);
    checkEqual(told, name, "its name");
    const valueOf = (config: string) => configs.find((one) => one.name === config)?.value;
    checkEqual(valueOf("cleanup.policy"), "compact", "what it was made with");
    checkEqual(valueOf("retention.ms"), "604800000", "what nobody has set");
    const nowhere = { kind: "topic", name: subject.newName("nowhere") } as const;
    const failure = await failureOf(() => admin.describeConfigs([nowhere]));
    check(failure instanceof Error, "one that is not there");
  }),

  caseOf(
    "a topic that was made anew has another id",
    async (client, subject) => {
      const name = await createTopic(client, subject);
      const idOf = async () => (await client.admin.describeTopics([name])).get(name)?.topicId;
      const before = await idOf();
      await client.admin.deleteTopics([name]);
      await untilSo(subject, "the topic is gone", async () => (await idOf()) === undefined);
      await client.admin.createTopics([{ name, partitionCount: 1 }]);
      await untilSo(subject, "the topic is there", async () => (await idOf()) !== undefined);
      check(before !== (await idOf()), "another id");
    },
    ["topic-ids"],
  ),

  caseOf(
    "offsets are found by place and by time, and records below one can be deleted",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const writer = client.openWriter({});
      for (const timestamp of [1000, 2000, 3000])
        writer.partition(topic, 0).append(timestamp, null, encodeUtf8("x"), noHeaders);
      await writer.flush();
      const place = { topic, partition: 0 };
      const offsetAt = async (at: "earliest" | "latest" | { readonly timestamp: number }) =>
        (await client.admin.listOffsets([{ ...place, at }]))[0].offset;
      checkEqual(await offsetAt("earliest"), 0, "earliest");
      checkEqual(await offsetAt("latest"), 3, "latest");
      checkEqual(await offsetAt({ timestamp: 1500 }), 1, "by time");
      checkEqual(await offsetAt({ timestamp: 9000 }), -1, "by a time behind all records");
      const both = (["earliest", "latest", "latest"] as const).map((at) => ({ ...place, at }));
      const told = (await client.admin.listOffsets(both)).map(({ offset }) => offset);
      checkEqual(told, [0, 3, 3], "several of one partition");
      await client.admin.deleteRecords([{ ...place, offset: 2 }]);
      checkEqual(await offsetAt("earliest"), 2, "earliest after deletion");
      const failure = await failureOf(() =>
        client.admin.listOffsets([{ topic, partition: 9, at: "latest" }]),
      );
      checkEqual(codeOf(failure), "TOPIC_NOT_FOUND", "a partition that is not there");
    },
  ),

  caseOf(
    "a client that is closed has closed what it opened; twice is fine",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const own = subject.connect();
      const reader = own.openReader({ isolation: "read_committed" });
      reader.assign([{ topic, partition: 0, offset: 0 }]);
      const polling = reader.poll({ waitMsMax: 600_000 });
      await own.close();
      checkEqual((await polling).length, 0, "a poll that was waiting");
      await own.close();
      const late = await failureOf(() => reader.poll({ waitMsMax: 600_000 }));
      checkEqual(codeOf(late), "CLUSTER_CLOSED", "a poll after the close");
      const failure = await failureOf(() => own.admin.listTopics());
      checkEqual(codeOf(failure), "CLUSTER_CLOSED", "a call after the close");
    },
  ),
];
