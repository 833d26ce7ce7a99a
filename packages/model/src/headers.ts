/** One header: a name, and bytes or null. Names may repeat, order is kept. */
export type Header = readonly [name: string, value: Uint8Array | null];

/** The headers of a record, in order (Kafka: `Headers`). */
export type Headers = readonly Header[];

/** The one empty list of headers: compare with `===` on hot paths. */
export const noHeaders: Headers = Object.freeze([]);
