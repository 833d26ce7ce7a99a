import { causesOf } from "@millrace/model";
import { StateError } from "@millrace/state";

/** What an engine could not read or write, also beneath what is said of the record that met it. */
export function storeFailureOf(thrown: unknown): StateError | undefined {
  return causesOf(thrown).find(
    (error): error is StateError => error instanceof StateError && isOfEngine(error),
  );
}

/** Opened again, the store begins anew, and is restored. */
export function isDamagedStore(thrown: unknown): boolean {
  return storeFailureOf(thrown)?.code === "STORE_DAMAGED";
}

function isOfEngine({ code }: StateError): boolean {
  return code === "STORE_DAMAGED" || code === "STORE_ENGINE_FAILED";
}
