import { encodeUtf8, OptionError, messageOf } from "@millrace/model";
import type { WrittenSnapshot } from "@millrace/state";

import type { QueryService } from "../query/query-service.ts";
import type { SnapshotOptions } from "./snapshot-options.ts";
import type { StreamsState } from "./application-state.ts";

/** Answers requests as the web does: what Hono, Deno, Bun and others mount. */
export type FetchHandler = (request: Request) => Promise<Response>;

export interface HandlerOptions {
  /** Before its paths. Default `/millrace`. */
  readonly path?: string;
  /**
   * Who may ask the stores over it, where your server knows that; default: who shows the `querySecret`. It lets nobody copy
   * them: a snapshot is for who shows the `querySecret`.
   */
  readonly authorize?: (request: Request) => boolean | Promise<boolean>;
}

export interface AppHandlerParts {
  readonly service: QueryService;
  readonly state: () => StreamsState;
  readonly querySecret: string | undefined;
  readonly tasks: () => readonly string[];
  /** Undefined: the application has no `stateFrom`. */
  readonly snapshot:
    | ((options: Pick<SnapshotOptions, "keep" | "signal">) => Promise<readonly WrittenSnapshot[]>)
    | undefined;
}

const defaultPath = "/millrace";

/** Longer ones are no queries. */
const requestBytesMax = 1024 * 1024;

/**
 * | path | answer |
 * |---|---|
 * | `GET /millrace/health` | 200 while the application lives, else 503; its state and tasks |
 * | `GET /millrace/ready` | 200 while it processes, else 503 |
 * | `POST /millrace/snapshot` | to who shows the `querySecret`: copies the state of the tasks here to the `stateFrom`, one copy at a time; `?keep=2`: so many stay |
 * | `POST /millrace/query` | to other instances: rows of the stores that are here |
 */
export function appHandler(parts: AppHandlerParts, options: HandlerOptions = {}): FetchHandler {
  const showsSecret = secretCheck(parts.querySecret);
  const { path = defaultPath, authorize = showsSecret } = options;
  let isCopying = false;
  return async (request) => {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case `GET ${path}/health`:
        return told(parts, isAlive(parts.state()));
      case `GET ${path}/ready`:
        return told(parts, parts.state() === "running");
      case `POST ${path}/query`:
        if (!(await authorize(request))) return notLet();
        return queried(parts.service, request);
      case `POST ${path}/snapshot`:
        if (!showsSecret(request)) return notLet();
        if (isCopying) return refused(429, "a snapshot is under way; ask again once it has ended");
        isCopying = true;
        return copied(parts, request).finally(() => (isCopying = false));
      default:
        return refused(404, `nothing is here: ${request.method} ${pathname}`);
    }
  };
}

function isAlive(state: StreamsState): boolean {
  return state === "created" || state === "rebalancing" || state === "running";
}

function told({ state, tasks }: AppHandlerParts, isFine: boolean): Response {
  return Response.json(
    { state: state(), tasks: tasks() },
    { status: isFine ? 200 : 503, headers: { "cache-control": "no-store" } },
  );
}

function refused(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

function notLet(): Response {
  return refused(403, "show the querySecret of the application as a bearer token");
}

async function copied({ snapshot }: AppHandlerParts, request: Request): Promise<Response> {
  if (snapshot === undefined) return refused(409, "the application has no stateFrom");
  const keep = new URL(request.url).searchParams.get("keep");
  const { signal } = request;
  try {
    const written = await snapshot(keep === null ? { signal } : { keep: Number(keep), signal });
    return Response.json(written);
  } catch (error) {
    const status = error instanceof OptionError ? 400 : 503;
    return refused(status, messageOf(error));
  }
}

async function queried(service: QueryService, request: Request): Promise<Response> {
  const text = await boundedText(request);
  if (text === undefined) return refused(413, "a query is no larger than 1 MiB");
  const lines = service.answer(text);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await lines.next();
      if (next.done === true) controller.close();
      else controller.enqueue(encodeUtf8(`${next.value}\n`));
    },
    async cancel() {
      await lines.return();
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

/** Undefined: it is longer than a query. The rest of it is not read. */
async function boundedText({ body }: Request): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.length;
    if (bytes > requestBytesMax) return undefined;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

function secretCheck(secret: string | undefined): (request: Request) => boolean {
  if (secret === undefined) return () => false;
  const expected = `Bearer ${secret}`;
  return ({ headers }) => isSame(headers.get("authorization") ?? "", expected);
}

/** How long it takes tells nothing of where they differ. */
function isSame(given: string, expected: string): boolean {
  let difference = given.length ^ expected.length;
  for (let index = 0; index < expected.length; index++)
    difference |= given.charCodeAt(index % Math.max(1, given.length)) ^ expected.charCodeAt(index);
  return difference === 0;
}
