import { int64AsNumber, string, StreamsBuilder, topic, type Topology } from "millrace";

/** Cents that an account pays in, by the account. */
export const payments = topic("payments", { key: string(), value: int64AsNumber() });
export const balances = topic("balances", { key: string(), value: int64AsNumber() });

/** The balance of each account. */
export function balancesOfAccounts(): Topology {
  const builder = new StreamsBuilder();
  builder
    .stream(payments)
    .groupByKey()
    .aggregate(
      () => 0,
      (sum, cents) => sum + cents,
      {
        store: "balances",
        value: int64AsNumber(),
      },
    )
    .toStream()
    .to(balances);
  return builder.build();
}

/**
 * The same with a mistake that no test of one record after the other finds: the sums are in a Map, so that they are gone
 * with the process, and do not go along where a task moves.
 */
export function balancesInMemory(): Topology {
  const sums = new Map<string, number>();
  const builder = new StreamsBuilder();
  builder
    .stream(payments)
    .map((cents, account) => {
      const sum = (sums.get(account) ?? 0) + cents;
      sums.set(account, sum);
      return { key: account, value: sum };
    })
    .to(balances);
  return builder.build();
}
