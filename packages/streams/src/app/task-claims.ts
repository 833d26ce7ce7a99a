import { taskIdText, type TaskId } from "../processor/task-id.ts";

/**
 * Which loop of the process has the folder of a task (Kafka: the locks of `StateDirectory`): a task that moves from one
 * loop to another is opened there once it is closed here.
 *
 * STREAMS-14: a folder is open in one loop at a time.
 */
export class TaskClaims {
  /** By task: settled once whoever has it lets it go. */
  readonly #held = new Map<string, Promise<void>>();
  readonly #onClaimed: (taskId: TaskId) => void;

  /** @param onClaimed told of each task that a loop has from now on */
  constructor(onClaimed: (taskId: TaskId) => void = () => {}) {
    this.#onClaimed = onClaimed;
  }

  /** Waits for its turn. Letting go twice is fine. */
  async claim(taskId: TaskId): Promise<() => void> {
    const name = taskIdText(taskId);
    for (let held = this.#held.get(name); held !== undefined; held = this.#held.get(name))
      await held;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(name, promise);
    this.#onClaimed(taskId);
    return () => {
      if (this.#held.get(name) === promise) this.#held.delete(name);
      resolve();
    };
  }

  isHeld(taskId: TaskId): boolean {
    return this.#held.has(taskIdText(taskId));
  }
}
