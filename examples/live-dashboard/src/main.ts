// A shop with a dashboard, on a broker that starts with it. Without an argument it shows some boards, and ends;
// with a port it goes on until Ctrl-C: node examples/live-dashboard/src/main.ts 8080
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { toTopic } from "@millrace/rxjs";
import { connect, EmbeddedCluster, StreamsApp } from "millrace";
import { concatMap, fromEvent, interval, lastValueFrom, map, race, take, timer } from "rxjs";

import { dashboard } from "./dashboard.ts";
import { readBoards } from "./read-boards.ts";
import { serveBoards } from "./serve-boards.ts";
import { orders, shop, type Order } from "./topology.ts";

const port = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), "millrace-live-dashboard-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { [orders.name]: 4 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  const program = shop();
  const app = await StreamsApp.start(program.topology, { applicationId: "shop", cluster });
  const server = serveBoards(dashboard(app, program)).listen(Number(port ?? 0), "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of a port, not of a pipe
  try {
    await (port === undefined ? demonstrate(`${url}/boards`) : serve(url));
  } finally {
    await app.close(); // the boards complete, and so do the responses
    server.close();
  }
} finally {
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}

/** Forty orders of two minutes; prints the board once it has them. */
async function demonstrate(url: string): Promise<void> {
  const first = Date.UTC(2026, 0, 1, 12);
  const sent = timer(200, 5).pipe(
    take(40),
    map((index) => ({ key: `o${index}`, value: orderOf(index), timestamp: first + index * 3000 })),
    toTopic(client, orders),
  );
  const [board] = await Promise.all([
    readBoards(url, ({ turnover, large }) => large.count === 20 && turnover["Tokyo"] === 750),
    lastValueFrom(sent),
  ]);
  console.log(`the shop is ${board.state}`);
  for (const [city, sum] of Object.entries(board.turnover)) console.log(`${city}: ${sum}`);
  console.log(`${board.large.count} large orders`);
}

/** An order now and then, until Ctrl-C. */
async function serve(url: string): Promise<void> {
  console.log(`open ${url}`);
  const stopped = race(fromEvent(process, "SIGINT"), fromEvent(process, "SIGTERM")).pipe(take(1));
  const sending = interval(20)
    .pipe(
      concatMap((index) => [{ key: `o${index}`, value: orderOf(index) }]),
      toTopic(client, orders),
    )
    .subscribe();
  await lastValueFrom(stopped);
  sending.unsubscribe();
}

function orderOf(index: number): Order {
  return { city: ["London", "Paris", "Rome", "Tokyo"][index % 4], total: (index % 4) * 50 };
}
