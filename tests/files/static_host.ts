/**
 * A static host on this machine, to fetch from.
 *
 * @module
 */
import type { Files } from "../data/dataset_folder.ts";

/** How a host answers. */
export interface Host {
  /** Where its files lie, without a slash at the end. */
  readonly url: string;
  /** What was asked of it: a file's name and, where given, the range of bytes. */
  readonly asked: string[];
}

/** Whether a host sends parts of files, and whether it says which part it sent. */
export type Ranges = "told" | "hidden" | "none";

/** Runs `body` beside a host that serves `files` from the folder `shop`. */
export async function withHost(
  files: Files,
  ranges: Ranges,
  body: (host: Host) => Promise<void>,
): Promise<void> {
  const asked: string[] = [];
  const answer = (request: Request): Response => {
    const name = decodeURIComponent(new URL(request.url).pathname.replace("/data/shop/", ""));
    const range = request.headers.get("Range");
    asked.push(range === null ? name : `${name} ${range}`);
    return answerWith(files[name], range, ranges);
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
  await body({ url: `http://127.0.0.1:${server.addr.port}/data/shop`, asked });
}

/** The answer to who asks for a range of a file, or with null for all of it. */
export function answerWith(
  content: Files[string] | undefined,
  range: string | null,
  ranges: Ranges,
): Response {
  if (content === undefined) return new Response("not here", { status: 404 });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
  const [, from, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
  if (ranges === "none" || from === undefined) return new Response(bytes);
  if (Number(from) >= bytes.length) return new Response(null, { status: 416 });
  const part = bytes.slice(Number(from), Number(last) + 1);
  const place = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
  const headers: HeadersInit = ranges === "told" ? { "Content-Range": place } : {};
  return new Response(part, { status: 206, headers });
}
