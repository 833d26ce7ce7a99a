import type { Socket } from "node:net";

/** What an HTTP/2 client sends first begins so (RFC 9113, 3.4), and no method of HTTP/1.1 does. */
const preface = "PRI ";

export type Protocol = "http1" | "http2";

/**
 * Which protocol a connection without TLS speaks, by its first bytes, which stay to be read. Of one that sends none
 * nothing is told: whoever listens bounds the time.
 */
export function whenSpoken(socket: Socket, tell: (protocol: Protocol) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const look = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    seen = Buffer.concat([seen, chunk]);
    const start = seen.toString("latin1", 0, preface.length);
    if (start.length < preface.length && preface.startsWith(start)) return;
    socket.off("readable", look);
    socket.unshift(seen);
    tell(start === preface ? "http2" : "http1");
  };
  socket.on("readable", look);
}
