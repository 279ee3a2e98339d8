/**
 * Folders and files on the web, by fetch: any static host will do.
 *
 * A static host cannot be asked what a folder holds, so the folder itself says it in `files.json`, a list
 * of the names of its files: `["interactions.csv", "text_feat.npy"]`. Files inside folders of it are named
 * as in `"5-core/train.json"`.
 *
 * @module
 */

import { InputError } from "../input_error.ts";
import { cannotRead, cutShort, type Source, type SourceFile } from "./source.ts";

const LIST = "files.json";

/** Bytes fetched when a file is opened: enough for any header, and for the whole of a small file. */
const FIRST_BYTES = 1 << 16;

/**
 * A folder on the web, named after the last part of its URL. Nothing is fetched yet. Parts of files are
 * asked for by the Range header; where a host answers with the whole file, that is kept in memory.
 *
 * @param names What the folder holds; read from its files.json when left out.
 */
export function webFolder(url: string | URL, names?: readonly string[]): Source {
  const path = String(url).replace(/[?#].*$/, "").replace(/\/+$/, "");
  const urlOf = (name: string) => `${path}/${name.split("/").map(encodeURIComponent).join("/")}`;
  let listed: Promise<readonly string[]> | undefined;
  return {
    name: decodeURIComponent(path.slice(path.lastIndexOf("/") + 1)),
    path,
    address: path,
    async names(inside) {
      const prefix = inside === undefined ? "" : `${inside}/`;
      const all = names ?? await (listed ??= readList(`${path}/${LIST}`));
      return all.filter((name) =>
        name.startsWith(prefix) && !name.slice(prefix.length).includes("/")
      );
    },
    read: async (name) => (await request(urlOf(name), `${path}/${name}`)).bytes,
    open: (name) => openFile(urlOf(name), `${path}/${name}`),
  };
}

async function readList(url: string): Promise<string[]> {
  const { bytes } = await request(url, url);
  try {
    const list: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(list) && list.every((name) => typeof name === "string")) return list;
  } catch {
    // Not JSON: many hosts answer every URL with a page of their own. The error follows below.
  }
  throw new InputError(`${url} is not a JSON list of the names of the files beside it.`);
}

/** Some bytes of a file, from byte `from` on, and the size of the whole. */
interface Part {
  readonly from: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly size: number;
}

async function openFile(url: string, path: string): Promise<SourceFile> {
  const first = await requestPart(url, path, 0, FIRST_BYTES);
  return {
    path,
    size: first.size,
    async read(from, to) {
      const has = (part: Part) => part.from <= from && to <= part.from + part.bytes.length;
      const part = has(first) ? first : await requestPart(url, path, from, to);
      if (!has(part)) throw cutShort(path, to, part.from + part.bytes.length);
      return part.bytes.slice(from - part.from, to - part.from);
    },
  };
}

/** Bytes `[from, to)` as far as there are, or the whole file from a host that sends nothing less. */
async function requestPart(url: string, path: string, from: number, to: number): Promise<Part> {
  const { status, contentRange, bytes } = await request(url, path, `bytes=${from}-${to - 1}`);
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+)$/.exec(contentRange) ?? [];
  if (status === 206 && size !== undefined) {
    return { from: Number(start), bytes, size: Number(size) };
  }
  // A 206 answer without a visible Content-Range comes from another origin, which hides it. 416: an empty file.
  const whole = status === 200 ? bytes : (await request(url, path)).bytes;
  return { from: 0, bytes: whole, size: whole.length };
}

async function request(url: string, path: string, range?: string) {
  let response: Response, bytes: Uint8Array<ArrayBuffer>;
  try {
    response = await fetch(url, range === undefined ? {} : { headers: { Range: range } });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw cannotRead(path, error);
  }
  const { ok, status, statusText, headers } = response;
  if (!ok && !(status === 416 && range !== undefined)) {
    throw new InputError(`Cannot read ${path}: ${`${status} ${statusText}`.trim()}.`);
  }
  return { status, contentRange: headers.get("Content-Range") ?? "", bytes };
}
