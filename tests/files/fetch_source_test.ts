import { assertEquals, assertRejects } from "@std/assert";
import { webFolder } from "../../src/files/fetch_source.ts";
import { InputError } from "../../src/input_error.ts";
import { withHost } from "./static_host.ts";

const long = Uint8Array.from({ length: 200_000 }, (_, at) => at % 251);
const FILES = {
  "files.json": '["long.bin", "a b#c.txt", "5-core/train.json", "5-core/deeper/x.txt"]',
  "long.bin": long,
  "empty.bin": "",
  "a b#c.txt": "text",
  "5-core/train.json": "{}",
};

Deno.test("a folder on the web is named and listed", () =>
  withHost(FILES, "told", async ({ url, asked }) => {
    for (const each of [url, `${url}/`, new URL(`${url}/?version=2`)]) {
      const source = webFolder(each);
      assertEquals([source.name, source.path, source.address], ["shop", url, url]);
    }
    assertEquals(asked, []);
    const source = webFolder(url);
    assertEquals(await source.names(), ["long.bin", "a b#c.txt"]);
    assertEquals(await source.names("5-core"), ["5-core/train.json"]);
    assertEquals(await source.names("elsewhere"), []);
    assertEquals(asked, ["files.json"]);
    assertEquals(await webFolder(url, ["a.txt", "b/c.txt"]).names(), ["a.txt"]);
    assertEquals(asked.length, 1);
    assertEquals(new TextDecoder().decode(await source.read("a b#c.txt")), "text");
    assertEquals(await source.read("long.bin"), long);
  }));

/** What is asked of each kind of host for parts of the long file. */
const ASKED = {
  "told": ["long.bin bytes=0-65535", "long.bin bytes=65530-65539", "long.bin bytes=199990-199999"],
  "hidden": ["long.bin bytes=0-65535", "long.bin"],
  "none": ["long.bin bytes=0-65535"],
};

for (const ranges of ["told", "hidden", "none"] as const) {
  Deno.test(`a file is read in parts from a host whose ranges are ${ranges}`, () =>
    withHost(FILES, ranges, async ({ url, asked }) => {
      const file = await webFolder(url).open("long.bin");
      assertEquals([file.path, file.size], [`${url}/long.bin`, long.length]);
      for (const [from, to] of [[0, 10], [4, 4], [65530, 65540], [199990, 200000]] as const) {
        assertEquals(await file.read(from, to), long.slice(from, to));
      }
      assertEquals(asked, ASKED[ranges]);
      await assertRejects(
        () => file.read(199999, 200001),
        InputError,
        `${url}/long.bin is cut short: 200000 of 200001 bytes are there.`,
      );
      const empty = await webFolder(url).open("empty.bin");
      assertEquals([empty.size, await empty.read(0, 0)], [0, new Uint8Array()]);
    }));
}

Deno.test("what cannot be fetched is told in one sentence", async () => {
  let closed = "";
  await withHost({ "shop.html": "" }, "told", async ({ url }) => {
    closed = url;
    const missing = (name: string) => `Cannot read ${url}/${name}: 404 Not Found.`;
    await assertRejects(() => webFolder(url).names(), InputError, missing("files.json"));
    await assertRejects(() => webFolder(url).read("a.csv"), InputError, missing("a.csv"));
    await assertRejects(() => webFolder(url).open("a.npy"), InputError, missing("a.npy"));
  });
  const failed = `Cannot read ${closed}/a.csv: `;
  await assertRejects(() => webFolder(closed).read("a.csv"), InputError, failed);
  for (const list of ["<html>", '{"a.csv": 1}', "[1]"]) {
    await withHost({ "files.json": list }, "told", async ({ url }) => {
      const says = `${url}/files.json is not a JSON list of the names of the files beside it.`;
      await assertRejects(() => webFolder(url).names(), InputError, says);
    });
  }
});
