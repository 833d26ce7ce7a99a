import type { KafkaClient } from "millrace";

/** What owner.sh does by commands: a user, its topics, and what it may do with them. */
export async function setUp({ admin }: KafkaClient, password: string): Promise<void> {
  const credential = { user: "app", mechanism: "SCRAM-SHA-512", password } as const;
  await admin.alterUserScramCredentials({ upsertions: [credential], deletions: [] });
  await admin.createTopics([
    { name: "payments", partitionCount: 1 },
    { name: "receipts", partitionCount: 1 },
    { name: "salaries", partitionCount: 1 },
  ]);
  await admin.createAcls([
    allow("topic", "payments", "read"),
    allow("group", "receipts-app", "read"),
    allow("topic", "receipts", "write"),
    { ...allow("transactional-id", "receipts-app", "write"), pattern: "prefixed" },
  ]);
}

function allow<Resource extends string, Operation extends string>(
  resource: Resource,
  name: string,
  operation: Operation,
) {
  const who = { principal: "User:app", host: "*", permission: "allow" } as const;
  return { ...who, resource, name, pattern: "literal", operation } as const;
}
