import type { BrokerProperties } from "@millrace/broker";

export type Outcome = "passed" | "failed" | "skipped";

/** What became of each test of a suite, by its name. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** How the clients of a suite come in where they are asked who they are. */
export interface SignIn {
  readonly protocol: "SASL_PLAINTEXT" | "SASL_SSL";
  readonly mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";
}

/** A broker that a suite is run on: ours, or Apache Kafka. All addresses are `host:port`. */
export interface Target extends AsyncDisposable {
  /** Of the listener that the suite's clients use. */
  readonly address: string;
  /** Of the one without a password. */
  readonly plainAddress: string;
  /** Of the one with a password and without TLS. */
  readonly saslAddress: string;
  /** Who signed the certificate of the one with TLS, as PEM. */
  readonly authorityFile: string;
}

/** Somebody else's tests, as they are published; nothing in them is changed. */
export interface Suite {
  readonly name: string;
  /** As the card calls it. */
  readonly title: string;
  /** What must be installed for it. */
  readonly program: "gcc" | "go" | "java" | "javac" | "kcat" | "python3";
  /** Undefined: without a password. */
  readonly signIn?: SignIn;
  /** What the broker is started with, both of them. */
  readonly properties: BrokerProperties;
  /** Of one run. */
  readonly timeoutMs: number;
  /** Runs all of it, or what is named. */
  run(target: Target, only?: readonly string[]): Promise<Outcomes>;
}
