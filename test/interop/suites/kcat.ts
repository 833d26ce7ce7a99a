import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { buildLibrdkafka, librdkafkaVersion } from "./librdkafka.ts";
import { type Checks, runChecks } from "./shell-checks.ts";
import type { SignIn, Suite, Target } from "./suite.ts";
import { user } from "./targets.ts";

const timeoutMs = 600_000;

/** `$k` is kcat with the broker's address. */
const commonChecks: Checks = {
  "the cluster and a topic": `
    $k -L | grep '1 brokers:'
    $k -L -t $t | grep "topic \\"$t\\" with 1 partitions"
    $k -L -J -t $t | grep '"leader":0'`,
  "keys, values, partitions and offsets": `
    printf 'a:1\nb:2\n' | $k -P -t $t -p 0 -K:
    test "$($k -C -t $t -e -q -f '%k=%s@%p/%o;')" = 'a=1@0/0;b=2@0/1;'`,
  "headers and nulls": `
    printf 'a:\nb:2\n' | $k -P -t $t -K: -Z -H one=1 -H two=2
    test "$($k -C -t $t -e -q -Z -f '%k=%s %h;')" = 'a=NULL one=1,two=2;b=2 one=1,two=2;'`,
  codecs: `
    for codec in gzip snappy lz4; do seq 1000 | sed "s/^/$codec /" | $k -P -t $t -z $codec; done
    for codec in gzip snappy lz4; do test $($k -C -t $t -e -q | grep -c "^$codec ") = 1000; done`,
  "as JSON": `
    echo 'a:1' | $k -P -t $t -K:
    $k -C -t $t -e -q -J | grep '"offset":0.*"key":"a","payload":"1"'`,
  "from an offset, from the end, to an offset": `
    seq 10 | $k -P -t $t
    test "$($k -C -t $t -o 8 -e -q | tr '\n' ' ')" = '9 10 '
    test "$($k -C -t $t -o -3 -c 1 -e -q)" = 8`,
  "from a time": `
    seq 3 | $k -P -t $t
    sleep 1
    now=$(date +%s%3N)
    seq 4 6 | $k -P -t $t
    test "$($k -C -t $t -p 0 -o s@$now -e -q | tr '\n' ' ')" = '4 5 6 '
    $k -Q -t $t:0:$now | grep "$t \\[0\\] offset 3"`,
  "offsets of both ends": `
    seq 3 | $k -P -t $t
    $k -Q -t $t:0:-1 | grep "offset 3"
    $k -Q -t $t:0:-2 | grep "offset 0"`,
  "a group goes on where it was": `
    seq 3 | $k -P -t $t
    test "$($k -G $t -X auto.offset.reset=earliest -X session.timeout.ms=6000 -e -q $t 2>/dev/null | tr '\n' ' ')" = '1 2 3 '
    seq 4 5 | $k -P -t $t
    test "$($k -G $t -X auto.offset.reset=earliest -X session.timeout.ms=6000 -e -q $t 2>/dev/null | tr '\n' ' ')" = '4 5 '`,
  idempotent: `
    seq 5000 | $k -P -t $t -X enable.idempotence=true
    test $($k -C -t $t -e -q | wc -l) = 5000`,
  "in a transaction": `
    seq 3 | $k -P -t $t -X transactional.id=$t
    test "$($k -C -t $t -e -q -X isolation.level=read_committed | tr '\n' ' ')" = '1 2 3 '`,
  "large records": `
    head -c 900000 /dev/urandom | base64 -w0 | head -c 900000 >$t.record
    $k -P -t $t $t.record
    $k -C -t $t -e -q -D '' | cmp - $t.record`,
};

const usual: SignIn = { protocol: "SASL_SSL", mechanism: "SCRAM-SHA-512" };
const others: readonly SignIn[] = (["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"] as const).flatMap(
  (mechanism) =>
    (["SASL_SSL", "SASL_PLAINTEXT"] as const).map((protocol) => ({ protocol, mechanism })),
);

/** Of the shell: kcat that signs in so. */
function variableOf({ protocol, mechanism }: SignIn): string {
  return `${protocol}_${mechanism}`.replaceAll("-", "_");
}

const secureChecks: Checks = {
  ...commonChecks,
  "a wrong password is refused": `
    ! $k -X sasl.password=wrong -L -m 3 >$t.out 2>&1
    grep -i 'authentication' $t.out`,
  ...Object.fromEntries(
    others.map((signIn) => [
      `${signIn.protocol} with ${signIn.mechanism}`,
      `
    seq 3 | $${variableOf(signIn)} -P -t $t
    test "$($${variableOf(signIn)} -C -t $t -e -q | tr '\n' ' ')" = '1 2 3 '`,
    ]),
  ),
};

const version = `kcat 1.7.1 on librdkafka ${librdkafkaVersion}`;

/** kcat, as people use it. */
export const kcat: Suite = {
  name: "kcat",
  title: version,
  program: "kcat",
  properties: {},
  timeoutMs,
  run: (target, only) =>
    inFolder(async (folder) => {
      const env = await envOf(folder, `kcat -b ${target.address}`);
      return runChecks(commonChecks, { folder, env, only });
    }),
};

/** The same, where it signs in. */
export const secureKcat: Suite = {
  name: "kcat-secure",
  title: `${version} by SASL`,
  program: "kcat",
  signIn: usual,
  properties: {},
  timeoutMs,
  run: (target, only) =>
    inFolder(async (folder) => {
      const commands = others.map((signIn) => [variableOf(signIn), commandOf(signIn, target)]);
      // Each name once.
      const more: Record<string, string> = Object.fromEntries(commands);
      const env = { ...more, ...(await envOf(folder, commandOf(usual, target))) };
      return runChecks(secureChecks, { folder, env, only });
    }),
};

/**
 * Its topic is made by asking for it. The library that Debian 12 has beside kcat, 2.0.2, cannot sign in by SCRAM, to
 * Apache Kafka either.
 */
async function envOf(folder: string, k: string) {
  const sources = await buildLibrdkafka();
  const script = 'until $k -L -t "$1" | grep -q "with 1 partitions"; do sleep 0.2; done';
  writeFileSync(join(folder, "make-topic"), script);
  return { k, create: "bash make-topic", LD_LIBRARY_PATH: join(sources, "src") };
}

function commandOf({ protocol, mechanism }: SignIn, target: Target): string {
  const address = protocol === "SASL_SSL" ? target.address : target.saslAddress;
  const settings = {
    "security.protocol": protocol,
    "sasl.mechanisms": mechanism,
    "ssl.ca.location": target.authorityFile,
    ...(mechanism === "OAUTHBEARER"
      ? {
          "enable.sasl.oauthbearer.unsecure.jwt": "true",
          "sasl.oauthbearer.config": `principal=${user.name}`,
        }
      : { "sasl.username": user.name, "sasl.password": user.password }),
  };
  const given = Object.entries(settings).map(([name, value]) => `-X ${name}=${value}`);
  return `kcat -b ${address} ${given.join(" ")}`;
}

async function inFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-kcat-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
