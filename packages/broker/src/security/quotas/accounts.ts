/** Accounts that are kept: clients choose their ids, so that there could be any number. */
const accountsMax = 10_000;

/** What was done, by who did it; those used last stand last, and the first ones are forgotten where there are too many. */
export class Accounts<Account> {
  readonly #open: () => Account;
  readonly #accounts = new Map<string, Account>();

  constructor(open: () => Account) {
    this.#open = open;
  }

  of(id: string): Account {
    const account = this.#accounts.get(id) ?? this.#open();
    this.#accounts.delete(id);
    this.#accounts.set(id, account);
    if (this.#accounts.size > accountsMax)
      for (const oldest of this.#accounts.keys()) {
        this.#accounts.delete(oldest);
        break;
      }
    return account;
  }
}
