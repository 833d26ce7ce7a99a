import { createServer, type Server, type ServerResponse } from "node:http";

import { audit, fromEvent, of, type Observable } from "rxjs";

import type { Board } from "./dashboard.ts";

const page = `<!doctype html><title>Orders</title><pre id="board">waiting…</pre><script>
new EventSource("/boards").onmessage = ({ data }) => {
  document.getElementById("board").textContent = JSON.stringify(JSON.parse(data), null, 2);
};
</script>`;

/** Serves a page, and the boards as events that a server sends: each browser has its own subscription. */
export function serveBoards(boards: Observable<Board>): Server {
  return createServer((request, response) => {
    if (request.url === "/boards") sendBoards(boards, response);
    else response.setHeader("content-type", "text/html; charset=utf-8").end(page);
  });
}

function sendBoards(boards: Observable<Board>, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  let isFull = false;
  // A browser on a slow line is sent the latest board once it has taken the one before.
  const subscription = boards
    .pipe(audit(() => (isFull ? fromEvent(response, "drain") : of(true))))
    .subscribe({
      next: (board) => {
        isFull = !response.write(`data: ${JSON.stringify(board)}\n\n`);
      },
      error: () => response.end(),
      complete: () => response.end(),
    });
  response.once("close", () => subscription.unsubscribe());
}
