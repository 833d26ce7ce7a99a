import { env } from "node:process";

import type { ScramMechanism } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { choiceFlag, numberFlag, repeated } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { UsageError } from "../usage-error.ts";

const mechanisms = ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
const passwordVariable = "MILLRACE_PASSWORD";

const mechanismFlag = choiceFlag(mechanisms, {
  placeholder: "NAME",
  about: "SCRAM-SHA-256 or SCRAM-SHA-512; default: both",
});

const list = command({
  path: "users list",
  summary: "tell the users that have SCRAM credentials",
  flags: { ...clusterFlags, json: jsonFlag },
  run: ({ flags }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const users = (await admin.describeUserScramCredentials(null, signal)).toSorted(
        (left, right) => (left.user < right.user ? -1 : 1),
      );
      if (flags.json) for (const user of users) print(JSON.stringify(user));
      else {
        const rows = users.flatMap(({ user, credentials }) =>
          credentials.map(({ mechanism, iterations }) => [user, mechanism, iterations]),
        );
        for (const line of tableLines(["user", "mechanism", "iterations"], rows)) print(line);
      }
    }),
});

const add = command({
  path: "users add",
  summary: "give a user a password, or another one",
  names: "NAME",
  flags: {
    ...clusterFlags,
    mechanism: repeated(mechanismFlag),
    iterations: numberFlag({
      min: 4096,
      max: 16_384,
      byDefault: 8192,
      about: "what guessing costs",
    }),
  },
  notes: `The password is the first line of standard input, or stands in ${passwordVariable}: a command line can be seen by others.
The cluster gets what SCRAM makes of it, and keeps no password.`,
  run: async ({ flags, names }, terminal) => {
    const user = userOf(names);
    const password = await passwordOf(terminal);
    await withClient(flags, async ({ admin }) => {
      // Kafka takes one change of a user at a time.
      for (const mechanism of chosen(flags.mechanism)) {
        const upsertion = { user, mechanism, password, iterations: flags.iterations };
        const changes = { upsertions: [upsertion], deletions: [] };
        await admin.alterUserScramCredentials(changes, terminal.signal);
        terminal.print(`${user} has ${mechanism}`);
      }
    });
  },
});

const remove = command({
  path: "users delete",
  summary: "take a user's credentials away",
  names: "NAME",
  flags: { ...clusterFlags, mechanism: repeated(mechanismFlag) },
  run: ({ flags, names }, { print, signal }) =>
    withClient(flags, async ({ admin }) => {
      const user = userOf(names);
      const [known] = await admin.describeUserScramCredentials([user], signal);
      if (known === undefined) throw new CommandError(`there is no user ${user}`);
      const has = known.credentials.map(({ mechanism }) => mechanism);
      for (const mechanism of flags.mechanism.length === 0 ? has : chosen(flags.mechanism)) {
        const changes = { upsertions: [], deletions: [{ user, mechanism }] };
        await admin.alterUserScramCredentials(changes, signal);
        print(`${user} has no ${mechanism} any more`);
      }
    }),
});

/** `millrace users`: users with SCRAM credentials. */
export const usersCommands: readonly Command[] = [list, add, remove];

function userOf(names: readonly string[]): string {
  if (names.length === 1) return names[0];
  throw new UsageError("give the NAME of one user");
}

function chosen(given: readonly ScramMechanism[]): readonly ScramMechanism[] {
  return given.length === 0 ? mechanisms : [...new Set(given)];
}

async function passwordOf({ lines }: Terminal): Promise<string> {
  const given = env[passwordVariable] ?? (await firstOf(lines()));
  if (given !== undefined && given !== "") return given;
  throw new CommandError(
    `there is no password: give it as a line of standard input, or in ${passwordVariable}`,
  );
}

async function firstOf(lines: AsyncIterable<string>): Promise<string | undefined> {
  for await (const line of lines) return line;
  return undefined;
}
