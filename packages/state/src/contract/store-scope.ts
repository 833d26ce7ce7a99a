import { StateError } from "./state-error.ts";

/** Whether the stores of a task may be used; shared by them. */
export class StoreScope {
  readonly taskId: string;
  isOpen = true;

  constructor(taskId: string) {
    this.taskId = taskId;
  }

  requireOpen(store: string): void {
    if (!this.isOpen)
      throw new StateError(
        "STORE_CLOSED",
        `store ${store} of task ${this.taskId} is closed; ask for the store again, its task may have moved`,
      );
  }
}

export function requireKey(store: string, key: unknown): void {
  if (key === null || key === undefined)
    throw new StateError(
      "INVALID_STORE_KEY",
      `store ${store} was given ${String(key)} as a key; filter such records before they reach it`,
    );
}

/** Null is what deletes. Undefined is most often a field that is not there, and would delete without a word. */
export function requireValue(store: string, value: unknown): void {
  if (value === undefined)
    throw new StateError(
      "INVALID_STORE_VALUE",
      `store ${store} was given undefined as a value; write null, or call delete, where an entry is to go`,
    );
}
