import { noHeaders, type Headers } from "@millrace/model";
import type { SerdePart, SerdePlace } from "./serde.ts";

/** The place of what is being written: `headers` has, after the call, what the serde set. One serves call after call. */
export class WritePlace implements SerdePlace {
  readonly part: SerdePart;
  headers: Headers = noHeaders;

  constructor(part: SerdePart) {
    this.part = part;
  }

  /** Starts a call. */
  at(headers: Headers): this {
    this.headers = headers;
    return this;
  }

  setHeader(name: string, value: Uint8Array | null): void {
    const others = this.headers.filter(([other]) => other !== name);
    this.headers = value === null ? others : [...others, [name, value]];
  }
}
