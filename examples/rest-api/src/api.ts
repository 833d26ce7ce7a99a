import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { QueryError, type StreamsApp } from "millrace";

import type { Spending } from "./topology.ts";

/**
 * The state of the application as JSON. Whichever instance is asked, it answers for all: a query goes to the instance that
 * has the customer.
 */
export function restApi(app: StreamsApp, { totals, perHour }: Spending): Hono {
  const api = new Hono();

  api.get("/customers/:id", async ({ req, json }) => {
    const spent = await app.store(totals, { signal: req.raw.signal }).get(req.param("id"));
    return spent === null ? json({ error: "no orders" }, 404) : json({ spent });
  });

  api.get("/customers", async ({ req, json }) => {
    const { from = null, to = null } = req.query();
    const rows = await app.store(totals).range(from, to).toArray();
    return json(Object.fromEntries(rows.map(({ key, value }) => [key, value]).sort()));
  });

  api.get("/customers/:id/hours", async ({ req, json }) => {
    const rows = await app.store(perHour).fetchRange(req.param("id")).toArray();
    return json(rows.map(({ key: { window }, value }) => ({ hour: window.start, spent: value })));
  });

  // What is there, then each change, for as long as the client listens.
  api.get("/customers/:id/live", (context) =>
    streamSSE(context, async (stream) => {
      const gone = new AbortController();
      stream.onAbort(() => gone.abort());
      const { signal } = gone;
      const changes = app.store(totals, { signal }).watch(context.req.param("id"));
      try {
        for await (const { value } of changes) await stream.writeSSE({ data: String(value) });
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }),
  );

  // Health, readiness, and what the other instances ask.
  api.mount("/", app.handler());

  api.onError((error, { json }) => {
    const isPassing = error instanceof QueryError && error.retriable;
    return json({ error: error.message }, isPassing ? 503 : 500);
  });
  return api;
}
