import type { Command } from "./command.ts";

/** By their first word, in the order of the help. */
const families: Readonly<Record<string, () => Promise<readonly Command[]>>> = {
  broker: async () => [(await import("./commands/broker.ts")).brokerCommand],
  registry: async () => [(await import("./commands/registry.ts")).registryCommand],
  topics: async () => (await import("./commands/topics.ts")).topicsCommands,
  produce: async () => [(await import("./commands/produce.ts")).produceCommand],
  consume: async () => [(await import("./commands/consume.ts")).consumeCommand],
  groups: async () => (await import("./commands/groups.ts")).groupsCommands,
  configs: async () => (await import("./commands/configs.ts")).configsCommands,
  acls: async () => (await import("./commands/acls.ts")).aclsCommands,
  users: async () => (await import("./commands/users.ts")).usersCommands,
  tokens: async () => (await import("./commands/tokens.ts")).tokensCommands,
  quotas: async () => (await import("./commands/quotas.ts")).quotasCommands,
  transactions: async () => (await import("./commands/transactions.ts")).transactionsCommands,
  "log-dirs": async () => (await import("./commands/log-dirs.ts")).logDirsCommands,
  perf: async () => (await import("./commands/perf.ts")).perfCommands,
  schemas: async () => (await import("./commands/schemas.ts")).schemasCommands,
  streams: async () => (await import("./commands/streams.ts")).streamsCommands,
  "dead-letters": async () => (await import("./commands/dead-letters.ts")).deadLetterCommands,
  "dump-log": async () => [(await import("./commands/dump-log.ts")).dumpLogCommand],
  log: async () => (await import("./commands/log.ts")).logCommands,
};

/**
 * The commands of one first word; all of them where there is none such. A broker that runs for months does not carry
 * the code of the others.
 */
export async function loadCommands(firstWord: string | undefined): Promise<readonly Command[]> {
  const family = Object.entries(families).find(([name]) => name === firstWord);
  if (family !== undefined) return family[1]();
  const all = await Promise.all(Object.values(families).map((load) => load()));
  return all.flat();
}
