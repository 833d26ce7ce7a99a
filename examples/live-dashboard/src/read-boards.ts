import type { Board } from "./dashboard.ts";

/** Reads boards as a browser does, until one is as it is wanted. */
export async function readBoards(url: string, isWanted: (board: Board) => boolean): Promise<Board> {
  const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
  let text = "";
  for await (const part of (response.body ?? new ReadableStream()).pipeThrough(
    new TextDecoderStream(),
  )) {
    text += part;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const board = JSON.parse(text.slice("data: ".length, end)) as Board; // our own server's
      text = text.slice(end + 2);
      if (isWanted(board)) return board;
    }
  }
  throw new Error("the boards have ended");
}
