import { encodeUtf8, noBytes, toHex } from "@millrace/model";
import {
  createAclsApi,
  createDelegationTokenApi,
  describeDelegationTokenApi,
  expireDelegationTokenApi,
  listGroupsApi,
  renewDelegationTokenApi,
} from "@millrace/protocol/definitions";
import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { brokerWorld, type BrokerWorld } from "../../test-support/broker-world.ts";
import { authenticate, scramWith, type ScramWords } from "../../test-support/sign-in.ts";
import { TestClient } from "../../test-support/test-client.ts";
import { toBase64 } from "../security/authentication/base64.ts";

const day = 86_400_000;
const secret = "the secret of the cluster";
const properties = {
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.num.partitions": 1,
  listeners: "PLAINTEXT://127.0.0.1:9092,INSIDE://127.0.0.1:9094",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INSIDE:SASL_PLAINTEXT",
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
  "listener.name.inside.plain.sasl.jaas.config":
    'x.PlainLoginModule required user_ann="a" user_bob="b" user_root="r";',
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS;User:root",
  "delegation.token.secret.key": secret,
};

interface Running {
  readonly world: BrokerWorld;
  readonly master: TestClient;
  readonly dial: () => Promise<TestClient>;
  /** A connection of one of the users of the JAAS line. */
  readonly as: (name: "ann" | "bob" | "root") => Promise<TestClient>;
}

/** Brokers one after the other on one disk, each with a story of its own. */
async function run(
  ...lives: readonly {
    readonly with?: Readonly<Record<string, string | number>>;
    readonly story: (given: Running) => Promise<void>;
  }[]
): Promise<void> {
  const options = { port: undefined, properties: { ...properties } };
  const world = brokerWorld(options);
  await world.platform.until(
    (async () => {
      for (const { with: given, story } of lives) {
        options.properties = { ...properties, ...given };
        const { broker, client: master } = await world.start();
        const dial = () => TestClient.connect(world.platform, broker.addresses[1]);
        const as = async (name: string) => {
          const client = await dial();
          await authenticate(client, "PLAIN", `\0${name}\0${name[0]}`);
          return client;
        };
        await story({ world, master, dial, as });
        await broker.close();
      }
    })(),
  );
}

const user = (principalName: string, principalType = "User") => ({ principalType, principalName });
const codes = {
  disabled: 61,
  notFound: 62,
  mismatch: 63,
  notAllowed: 64,
  unauthorized: 65,
  expired: 66,
  principalType: 67,
  unknown: -1,
  saslFailed: 58,
};

interface Wish {
  readonly owner?: ReturnType<typeof user>;
  readonly renewers?: readonly ReturnType<typeof user>[];
  readonly maxLifetimeMs?: number;
}

async function create(client: TestClient, wish: Wish = {}) {
  const { owner, renewers = [], maxLifetimeMs = -1 } = wish;
  const made = await client.ask(createDelegationTokenApi, 3, {
    ownerPrincipalType: owner?.principalType ?? null,
    ownerPrincipalName: owner?.principalName ?? null,
    renewers,
    maxLifetimeMs,
  });
  if (made === undefined) throw new Error("the connection was closed");
  return made;
}

const renew = (client: TestClient, hmac: Uint8Array, renewPeriodMs = -1) =>
  client.ask(renewDelegationTokenApi, 2, { hmac, renewPeriodMs });
const expire = (client: TestClient, hmac: Uint8Array, expiryTimePeriodMs = -1) =>
  client.ask(expireDelegationTokenApi, 2, { hmac, expiryTimePeriodMs });

async function idsSeenBy(client: TestClient, owners: ReturnType<typeof user>[] | null = null) {
  const answer = await client.ask(describeDelegationTokenApi, 3, { owners });
  return answer?.tokens.map(({ tokenId }) => tokenId);
}

type Token = Awaited<ReturnType<typeof create>>;

function signIn(client: TestClient, { tokenId, hmac }: Token, words: ScramWords = {}) {
  const shown = { name: tokenId, password: toBase64(hmac) };
  return scramWith(client, shown, { extensions: ",tokenauth=true", ...words });
}

function allow(
  master: TestClient,
  [resourceType, resourceName, operation]: [number, string, number],
) {
  const rule = { resourceType, resourceName, resourcePatternType: 3, operation };
  const creations = [{ ...rule, principal: "User:ann", host: "*", permissionType: 3 }];
  return master.ask(createAclsApi, 3, { creations });
}

test("a token is its id and the HMAC of that by the secret, and lasts as long as was asked for, within bounds", () =>
  run({
    story: async ({ world, as }) => {
      const ann = await as("ann");
      const made = await create(ann);
      const { tokenId, issueTimestampMs } = made;
      expect(made).toMatchObject({
        errorCode: 0,
        ...user("ann"),
        tokenRequesterPrincipalName: "ann",
        issueTimestampMs: Math.floor(world.platform.clock.wallMs()),
        expiryTimestampMs: issueTimestampMs + day,
        maxTimestampMs: issueTimestampMs + 7 * day,
      });
      expect(toHex(made.hmac)).toBe(createHmac("sha512", secret).update(tokenId).digest("hex"));
      const short = await create(ann, { maxLifetimeMs: 5000 });
      expect(short.maxTimestampMs - short.issueTimestampMs).toBe(5000);
      expect(short.expiryTimestampMs).toBe(short.maxTimestampMs);
      const long = await create(ann, { maxLifetimeMs: 2 ** 63 });
      expect(long.maxTimestampMs - long.issueTimestampMs).toBe(7 * day);
    },
  }));

test("a token is for oneself, or by a right for others, and renewed by users alone", () =>
  run({
    story: async ({ master, as }) => {
      const ann = await as("ann");
      const bobs = { owner: user("bob") };
      const group = { renewers: [user("staff", "Group")] };
      expect(await create(ann, bobs)).toMatchObject({
        errorCode: codes.unauthorized,
        ...user("bob"),
        expiryTimestampMs: -1,
      });
      expect(await create(ann, { owner: user("ann") })).toMatchObject({ errorCode: 0 });
      const { unauthorized, principalType } = codes;
      expect(await create(ann, { ...bobs, ...group })).toMatchObject({ errorCode: unauthorized });
      expect(await create(ann, group)).toMatchObject({ errorCode: principalType });
      await allow(master, [7, "User:bob", 13]);
      expect(await create(ann, bobs)).toMatchObject({
        errorCode: 0,
        ...user("bob"),
        tokenRequesterPrincipalName: "ann",
      });
      const typeless = { ownerPrincipalType: null, ownerPrincipalName: "bob" };
      const request = { ...typeless, renewers: [], maxLifetimeMs: -1 };
      expect(await ann.ask(createDelegationTokenApi, 3, request)).toMatchObject({
        errorCode: codes.unknown,
        principalName: "ANONYMOUS",
      });
    },
  }));

test("owner and renewers move a token's end, and whoever asked for it does not", () =>
  run({
    story: async ({ world, as }) => {
      const [ann, bob, root] = [await as("ann"), await as("bob"), await as("root")];
      const made = await create(root, { owner: user("ann"), renewers: [user("bob")] });
      const { hmac, issueTimestampMs } = made;
      for (const ask of [renew, expire])
        expect(await ask(root, hmac)).toMatchObject({
          errorCode: codes.mismatch,
          expiryTimestampMs: 0,
        });
      const endsAfter = async (answer: ReturnType<typeof renew>) => {
        const { errorCode, expiryTimestampMs = 0 } = (await answer) ?? {};
        return errorCode === 0 ? expiryTimestampMs - issueTimestampMs : errorCode;
      };
      expect(await endsAfter(renew(ann, hmac, 60_000))).toBe(60_000);
      expect(await endsAfter(renew(bob, hmac, 2 ** 62))).toBe(day);
      expect(await endsAfter(expire(bob, hmac, 2 ** 62))).toBe(7 * day);
      expect(await endsAfter(expire(ann, hmac, 1000))).toBe(1000);
      for (const nobodys of [encodeUtf8("x"), noBytes])
        expect(await endsAfter(renew(ann, nobodys))).toBe(codes.notFound);
      await world.platform.timers.sleep(1001);
      expect(await endsAfter(renew(ann, hmac))).toBe(codes.expired);
      expect(await endsAfter(expire(ann, hmac, 5))).toBe(codes.expired);
      expect(await expire(ann, hmac)).toMatchObject({ errorCode: 0 });
      expect(await endsAfter(renew(ann, hmac))).toBe(codes.notFound);
    },
  }));

test("tokens are seen by owner, requester and renewers, and by others with a right to the token or the owner", () =>
  run({
    story: async ({ master, as }) => {
      const [ann, bob, root] = [await as("ann"), await as("bob"), await as("root")];
      const own = await create(ann, { renewers: [user("bob")] });
      const staffs = await create(root, { owner: user("staff", "Group") });
      const bobs = await create(bob);
      const all = [own, staffs, bobs].map(({ tokenId }) => tokenId);
      expect(await idsSeenBy(root)).toEqual(all);
      expect(await idsSeenBy(root, [])).toEqual([]);
      expect(await idsSeenBy(root, [user("bob")])).toEqual([own.tokenId, bobs.tokenId]);
      expect(await idsSeenBy(root, [user("root")])).toEqual([staffs.tokenId]);
      expect(await idsSeenBy(bob)).toEqual([own.tokenId, bobs.tokenId]);
      expect(await idsSeenBy(ann)).toEqual([own.tokenId]);
      await allow(master, [6, bobs.tokenId, 8]);
      expect(await idsSeenBy(ann)).toEqual([own.tokenId, bobs.tokenId]);
      await allow(master, [7, "Group:staff", 14]);
      expect(await idsSeenBy(ann)).toEqual(all);
      const described = await ann.ask(describeDelegationTokenApi, 3, { owners: [user("ann")] });
      expect(described?.tokens[0]).toMatchObject({
        ...user("ann"),
        hmac: own.hmac,
        renewers: [user("bob")],
        expiryTimestamp: own.expiryTimestampMs,
      });
    },
  }));

test("whoever has a token is its owner until it ends, and gets no further tokens by it", () =>
  run({
    story: async ({ world, dial, as }) => {
      const root = await as("root");
      const made = await create(root, { owner: user("ann"), maxLifetimeMs: 5000 });
      for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
        const answer = await signIn(await dial(), made, { mechanism });
        expect(answer).toMatchObject({ errorCode: 0, sessionLifetimeMs: 5000 });
      }
      const holder = await dial();
      await signIn(holder, made);
      const { notAllowed } = codes;
      expect(await create(holder)).toMatchObject({ errorCode: notAllowed, ...user("ann") });
      const refused = { errorCode: notAllowed, expiryTimestampMs: -1 };
      expect(await renew(holder, made.hmac)).toMatchObject(refused);
      expect(await expire(holder, made.hmac)).toMatchObject(refused);
      const described = await holder.ask(describeDelegationTokenApi, 3, { owners: null });
      expect(described).toMatchObject({ errorCode: notAllowed, tokens: [] });
      expect(await holder.ask(listGroupsApi, 4, { statesFilter: [] })).toBeDefined();
      await world.platform.timers.sleep(5001);
      expect(await holder.ask(listGroupsApi, 4, { statesFilter: [] })).toBeUndefined();
    },
  }));

test("only the very token lets in, and only where it is said to be one", () =>
  run({
    story: async ({ dial, as }) => {
      const made = await create(await as("ann"));
      const codeOf = async (token: Token, words?: ScramWords) =>
        (await signIn(await dial(), token, words))?.errorCode;
      expect(await codeOf(made, { extensions: ",a=b,tokenauth=TRUE" })).toBe(0);
      expect(await codeOf(made, { header: `n,a=${made.tokenId},` })).toBe(0);
      const { saslFailed } = codes;
      for (const extensions of ["", ",tokenauth=truer", ",tokenauth=true,tokenauth=false"])
        expect(await codeOf(made, { extensions })).toBe(saslFailed);
      expect(await codeOf({ ...made, hmac: encodeUtf8("x") })).toBe(saslFailed);
      expect(await codeOf({ ...made, tokenId: "none" })).toBe(saslFailed);
      expect(await signIn(await dial(), made, { header: "n,a=ann," })).toMatchObject({
        errorMessage:
          "Authentication failed: Client requested an authorization id that is different from username",
      });
    },
  }));

test("tokens outlive a restart with the same secret, and are worth nothing with another, or none", async () => {
  const made: Token[] = [];
  const key = "delegation.token.secret.key";
  await run(
    {
      story: async ({ as }) => {
        const ann = await as("ann");
        made.push(await create(ann), await create(ann));
        await expire(ann, made[1].hmac);
      },
    },
    {
      story: async ({ dial, as }) => {
        const ann = await as("ann");
        expect(await idsSeenBy(ann)).toEqual([made[0].tokenId]);
        expect(await signIn(await dial(), made[0])).toMatchObject({ errorCode: 0 });
        expect(await renew(ann, made[0].hmac)).toMatchObject({ errorCode: 0 });
      },
    },
    {
      with: { [key]: "another" },
      story: async ({ dial, as }) => {
        const ann = await as("ann");
        const refused = { errorCode: codes.saslFailed };
        expect(await signIn(await dial(), made[0])).toMatchObject(refused);
        expect(await renew(ann, made[0].hmac)).toMatchObject({ errorCode: codes.notFound });
      },
    },
    {
      with: { [key]: "" },
      story: async ({ dial, as }) => {
        const refused = { errorCode: codes.saslFailed };
        expect(await signIn(await dial(), made[0])).toMatchObject(refused);
        expect(await create(await as("ann"))).toMatchObject({
          errorCode: codes.disabled,
          issueTimestampMs: 0,
        });
      },
    },
  );
});

test("tokens that have ended are removed, and those that live stay", () =>
  run({
    with: { "delegation.token.expiry.check.interval.ms": 10_000 },
    story: async ({ world, dial, as }) => {
      const ann = await as("ann");
      const short = await create(ann, { maxLifetimeMs: 1000 });
      const long = await create(ann);
      await world.platform.timers.sleep(9000);
      expect(await idsSeenBy(ann)).toEqual([short.tokenId, long.tokenId]);
      await world.platform.timers.sleep(2000);
      expect(await idsSeenBy(ann)).toEqual([long.tokenId]);
      expect(await renew(ann, short.hmac)).toMatchObject({ errorCode: codes.notFound });
      expect(await signIn(await dial(), short)).toMatchObject({ errorCode: codes.saslFailed });
    },
  }));

test("whoever renews and ends a token at once is answered in one order, which outlives a crash", async () => {
  const made: Token[] = [];
  const ends: number[] = [];
  await run(
    {
      story: async ({ as }) => {
        const [ann, bob] = [await as("ann"), await as("bob")];
        made.push(await create(ann, { renewers: [user("bob")] }));
        const periods = Array.from({ length: 40 }, (_, index) => 10_000 + index);
        const answers = await Promise.all(
          periods.map((period) => {
            const client = period % 3 === 0 ? bob : ann;
            return (period % 2 === 0 ? renew : expire)(client, made[0].hmac, period);
          }),
        );
        expect(answers.map((answer) => answer?.errorCode)).toEqual(periods.map(() => 0));
        const described = await ann.ask(describeDelegationTokenApi, 3, { owners: null });
        ends.push(described?.tokens[0].expiryTimestamp ?? -1);
        expect(answers.map((answer) => answer?.expiryTimestampMs)).toContain(ends[0]);
      },
    },
    {
      story: async ({ as }) => {
        const ann = await as("ann");
        const described = await ann.ask(describeDelegationTokenApi, 3, { owners: null });
        expect(described?.tokens[0].expiryTimestamp).toBe(ends[0]);
        const both = await Promise.all([expire(ann, made[0].hmac), renew(ann, made[0].hmac)]);
        expect(both.map((answer) => answer?.errorCode)).toEqual([0, codes.notFound]);
        expect(await idsSeenBy(ann)).toEqual([]);
      },
    },
  );
});

test("a token that has ended and is not removed yet serves nobody", () =>
  run({
    story: async ({ world, dial, as }) => {
      const made = await create(await as("ann"), { maxLifetimeMs: 1000 });
      await world.platform.timers.sleep(2000);
      const late = await dial();
      expect(await signIn(late, made)).toMatchObject({ sessionLifetimeMs: 0 });
      expect(await late.ask(listGroupsApi, 4, { statesFilter: [] })).toBeUndefined();
    },
  }));

test("a session goes on until the end that it was told, also of a token that was taken away, and no further one begins", () =>
  run({
    story: async ({ world, dial, as }) => {
      const ann = await as("ann");
      const made = await create(ann, { maxLifetimeMs: 5000 });
      const holder = await dial();
      expect(await signIn(holder, made)).toMatchObject({ errorCode: 0, sessionLifetimeMs: 5000 });
      await expire(ann, made.hmac);
      expect(await holder.ask(listGroupsApi, 4, { statesFilter: [] })).toBeDefined();
      expect(await signIn(await dial(), made)).toMatchObject({ errorCode: codes.saslFailed });
      await world.platform.timers.sleep(2000);
      expect(await signIn(holder, made)).toMatchObject({ errorCode: codes.saslFailed });
      expect(await holder.ask(listGroupsApi, 4, { statesFilter: [] })).toBeUndefined();
    },
  }));
