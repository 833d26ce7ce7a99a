import type { DelegationToken } from "@millrace/client";

import { clusterFlags, withClient } from "../cluster-flags.ts";
import { CommandError } from "../command-error.ts";
import { command, type Command } from "../command.ts";
import { numberFlag, repeated, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { tableLines } from "../terminal/print-table.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** Kafka's tool gives it for "as long as may be", and for "at once". */
const whateverMayBe = -1;

const principalFlag = (about: string, alias: string) =>
  textFlag({ placeholder: "User:NAME", about, aliases: [alias] });

const periodFlag = (about: string, alias: string) =>
  numberFlag({ min: whateverMayBe, about, aliases: [alias] });

const hmacFlag = textFlag({
  placeholder: "BASE64",
  about: "of which token; default: the first line of standard input",
});

const create = command({
  path: "tokens create",
  summary: "get a delegation token, which lets its owner in by SCRAM",
  flags: {
    ...clusterFlags,
    owner: principalFlag("for somebody else, which is a right of its own", "owner-principal"),
    renewer: repeated(
      principalFlag("who may let it live for longer, besides the owner", "renewer-principal"),
    ),
    "max-lifetime": periodFlag(
      "how long it may be renewed, in ms; default: as long as the cluster lets it",
      "max-life-time-period",
    ),
    json: jsonFlag,
  },
  notes: `The HMAC is the token's password: whoever has it may come in. Clients give the id as user name, the HMAC as password,
and tokenauth="true" in the JAAS line (isDelegationToken in the sasl options of Millrace's client).`,
  run: ({ flags }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const { owner, renewer: renewers, "max-lifetime": maxLifetimeMs = whateverMayBe } = flags;
      const token = {
        renewers,
        ...(owner === undefined ? {} : { owner }),
        ...(maxLifetimeMs === whateverMayBe ? {} : { maxLifetimeMs }),
      };
      show([await admin.createDelegationToken(token, terminal.signal)], flags.json, terminal);
    }),
});

const list = command({
  path: "tokens list",
  summary: "tell the delegation tokens that you may see",
  flags: {
    ...clusterFlags,
    owner: repeated(principalFlag("that this principal owns, or may renew", "owner-principal")),
    json: jsonFlag,
  },
  run: ({ flags }, terminal) =>
    withClient(flags, async ({ admin }) => {
      const owners = flags.owner.length === 0 ? null : flags.owner;
      const tokens = await admin.describeDelegationTokens(owners, terminal.signal);
      show(tokens, flags.json, terminal);
    }),
});

const renew = command({
  path: "tokens renew",
  summary: "let a delegation token live for longer",
  flags: {
    ...clusterFlags,
    hmac: hmacFlag,
    period: periodFlag(
      "from now on, in ms; default: as long as the cluster lets it",
      "renew-time-period",
    ),
  },
  run: async ({ flags }, terminal) => {
    const end = await endOf(flags, terminal);
    await withClient(flags, async ({ admin }) => {
      const endsMs = await admin.renewDelegationToken(end, terminal.signal);
      terminal.print(`the token lives until ${timeOf(endsMs)}`);
    });
  },
});

const expire = command({
  path: "tokens expire",
  summary: "end a delegation token",
  flags: {
    ...clusterFlags,
    hmac: hmacFlag,
    period: periodFlag("after so many ms; default: at once", "expiry-time-period"),
  },
  notes: "Sessions that were begun with the token go on until the end that they were told.",
  run: async ({ flags }, terminal) => {
    const end = await endOf(flags, terminal);
    await withClient(flags, async ({ admin }) => {
      const endsMs = await admin.expireDelegationToken(end, terminal.signal);
      const isOver = end.periodMs === undefined;
      terminal.print(isOver ? "the token is over" : `the token lives until ${timeOf(endsMs)}`);
    });
  },
});

/** `millrace tokens`: delegation tokens (Kafka: `kafka-delegation-tokens`). */
export const tokensCommands: readonly Command[] = [list, create, renew, expire];

interface EndFlags {
  readonly hmac: string | undefined;
  readonly period: number | undefined;
}

async function endOf({ hmac, period = whateverMayBe }: EndFlags, { lines }: Terminal) {
  const given = hmac ?? (await firstOf(lines()));
  if (given === undefined || given === "")
    throw new CommandError("there is no HMAC: give --hmac, or a line of standard input");
  return period === whateverMayBe ? { hmac: given } : { hmac: given, periodMs: period };
}

async function firstOf(lines: AsyncIterable<string>): Promise<string | undefined> {
  for await (const line of lines) return line.trim();
  return undefined;
}

function show(tokens: readonly DelegationToken[], isJson: boolean, { print }: Terminal): void {
  if (isJson) return tokens.forEach((token) => print(JSON.stringify(token)));
  const rows = tokens.map((token) => [
    token.tokenId,
    token.hmac,
    token.owner,
    token.requester,
    token.renewers.join(","),
    timeOf(token.expiresMs),
    timeOf(token.endsMs),
  ]);
  const head = ["id", "hmac", "owner", "requester", "renewers", "expires", "at the latest"];
  for (const line of tableLines(head, rows)) print(line);
}

/** Of times that no calendar has, the number. */
function timeOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms}` : date.toISOString();
}
