import type { Message, MessageVersions } from "./message.ts";

/** One API of Kafka: what is asked, what is answered, and the versions served. */
export interface Api<Request extends Message = Message, Response extends Message = Message> {
  readonly key: number;
  /** Kafka's name, such as `Produce`. */
  readonly name: string;
  readonly request: Request;
  readonly response: Response;
  /** Versions that are understood; both messages know them all. */
  readonly versions: MessageVersions;
  /** The lowest version told to clients; below `versions.min` for Produce alone. */
  readonly advertisedMin: number;
}

/** @param advertisedMin where it is not the lowest version served */
export function api<Request extends Message, Response extends Message>(
  key: number,
  request: Request,
  response: Response,
  advertisedMin: number = request.versions.min,
): Api<Request, Response> {
  const name = request.name.replace(/Request$/, "");
  return Object.freeze({ key, name, request, response, versions: request.versions, advertisedMin });
}

/** True if the version has compact lengths and tag buffers. */
export function isFlexible(versions: MessageVersions, version: number): boolean {
  return versions.flexibleSince !== undefined && version >= versions.flexibleSince;
}
