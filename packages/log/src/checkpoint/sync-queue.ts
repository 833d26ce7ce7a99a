/**
 * Lets calls share a sync. One that comes while a sync runs waits for the next: the one that runs may have missed
 * its bytes. At most one runs and one waits.
 */
export class SyncQueue {
  readonly #syncOnce: () => Promise<void>;
  #running: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(syncOnce: () => Promise<void>) {
    this.#syncOnce = syncOnce;
  }

  sync(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    this.#queued ??= this.#running.then(
      () => this.#start(),
      (error: unknown) => {
        // Those that come later have work of their own.
        this.#queued = this.#running = undefined;
        throw error;
      },
    );
    return this.#queued;
  }

  /** Resolves once none runs and none waits, however they end. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await (this.#queued ?? this.#running).catch(() => {});
  }

  #start(): Promise<void> {
    this.#queued = undefined;
    this.#running = this.#syncOnce().finally(() => {
      // Nobody gets in between this one and the one that waits.
      if (this.#queued === undefined) this.#running = undefined;
    });
    return this.#running;
  }
}
