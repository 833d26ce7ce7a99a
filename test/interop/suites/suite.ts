import type { BrokerProperties } from "@millrace/broker";

export type Outcome = "passed" | "failed" | "skipped";

/** What became of each test of a suite, by its name. */
export type Outcomes = ReadonlyMap<string, Outcome>;

/** A broker that a suite is run on: ours, or Apache Kafka. */
export interface Target extends AsyncDisposable {
  /** `host:port` of the listener without a password. */
  readonly address: string;
  /** The same of the one where clients sign in. */
  readonly saslAddress: string;
}

/** Somebody else's tests, as they are published; nothing in them is changed. */
export interface Suite {
  readonly name: string;
  /** As the card calls it. */
  readonly title: string;
  /** What must be installed for it. */
  readonly program: "gcc" | "go" | "java" | "javac" | "python3";
  /** What the broker is started with, both of them. */
  readonly properties: BrokerProperties;
  /** Of one run. */
  readonly timeoutMs: number;
  /** Runs all of it, or what is named. */
  run(target: Target, only?: readonly string[]): Promise<Outcomes>;
}
