import type { Platform } from "@millrace/platform";
import { SnapshotError, type SnapshotStore } from "@millrace/state";

import { S3Link, type S3Credentials } from "./s3-link.ts";
import { parseListing } from "./s3-listing.ts";

export type { S3Credentials } from "./s3-link.ts";

/** Pages of a listing, a thousand names each. */
const pagesMax = 1000;

export interface S3StoreOptions {
  readonly bucket: string;
  /** Before all names, without a slash at its ends. Default: none. */
  readonly prefix?: string;
  /** Default `us-east-1`. */
  readonly region?: string;
  /** Of a store that is not Amazon's, such as `https://minio:9000`: there the bucket is part of the path. */
  readonly endpoint?: string;
  readonly credentials: S3Credentials;
  /** Default: the host's. */
  readonly fetch?: typeof fetch;
}

/**
 * Snapshots in an S3-compatible store, an object for each file.
 *
 * @example
 * const store = s3SnapshotStore(platform, { bucket: "state", region: "eu-central-1", credentials });
 */
export function s3SnapshotStore(
  platform: Pick<Platform, "timers">,
  options: S3StoreOptions,
): SnapshotStore {
  return new S3SnapshotStore(platform, options);
}

class S3SnapshotStore implements SnapshotStore {
  readonly place: string;
  readonly #link: S3Link;
  /** Of the bucket, with a slash at the end. */
  readonly #url: string;
  /** Empty, or with a slash at the end. */
  readonly #prefix: string;

  constructor(platform: Pick<Platform, "timers">, options: S3StoreOptions) {
    const { bucket, prefix = "", region = "us-east-1", endpoint, credentials } = options;
    this.#prefix = prefix === "" ? "" : `${prefix}/`;
    this.place = `s3://${bucket}/${prefix}`;
    this.#url =
      endpoint === undefined
        ? `https://${bucket}.s3.${region}.amazonaws.com/`
        : `${endpoint.replace(/\/$/, "")}/${bucket}/`;
    const send = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given));
    this.#link = new S3Link(platform, { region, credentials, fetch: send });
  }

  async put(name: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const url = this.#urlOf(name);
    const { status } = await this.#link.send({ method: "PUT", url, body: bytes, signal });
    if (status === 404)
      throw new SnapshotError("SNAPSHOT_STORE_FAILED", `PUT ${url}: there is no such bucket`);
  }

  async get(name: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    const { status, body } = await this.#link.send({
      method: "GET",
      url: this.#urlOf(name),
      signal,
    });
    return status === 404 ? undefined : body;
  }

  async list(under: string, signal?: AbortSignal): Promise<readonly string[]> {
    const prefix = `${this.#prefix}${under}`;
    const names: string[] = [];
    let next: string | undefined;
    for (let page = 0; page < pagesMax; page++) {
      const query = new URLSearchParams({ "list-type": "2", prefix, delimiter: "/" });
      if (next !== undefined) query.set("continuation-token", next);
      // Spaces are signed as they are sent.
      const url = `${this.#url}?${query.toString().replaceAll("+", "%20")}`;
      const { body } = await this.#link.send({ method: "GET", url, signal });
      const listing = parseListing(new TextDecoder().decode(body));
      for (const one of [...listing.prefixes, ...listing.keys])
        if (one.length > prefix.length) names.push(one.slice(prefix.length));
      next = listing.next;
      if (next === undefined) return names;
    }
    throw new SnapshotError(
      "SNAPSHOT_STORE_FAILED",
      `${this.place} has more than ${pagesMax} pages of names under ${under}`,
    );
  }

  async delete(name: string, signal?: AbortSignal): Promise<void> {
    await this.#link.send({ method: "DELETE", url: this.#urlOf(name), signal });
  }

  #urlOf(name: string): string {
    const path = `${this.#prefix}${name}`.split("/").map(encodeURIComponent).join("/");
    return `${this.#url}${path}`;
  }
}
