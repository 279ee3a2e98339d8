import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { cached } from "../../src/files/disk_cache.ts";
import type { StoredTensor } from "../../src/files/safetensors.ts";

const key = { what: "knn", k: 5 };

function tensorsOf(value: number): Record<string, StoredTensor> {
  return {
    weight: { shape: [2], data: new Float32Array([value, 2]) },
    column: { shape: [1, 1], data: new Uint32Array([3]) },
  };
}

/** Runs `body` with a temporary folder and a computation that counts its calls. */
async function withCache(
  body: (
    folder: string,
    compute: () => Record<string, StoredTensor>,
    calls: () => number,
  ) => Promise<
    void
  >,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  let calls = 0;
  try {
    await body(folder, () => tensorsOf(++calls), () => calls);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function onlyFileIn(folder: string): string {
  const [file, ...more] = [...Deno.readDirSync(folder)];
  assertEquals(more, []);
  return `${folder}/${file!.name}`;
}

Deno.test("the second call reads what the first one computed", () =>
  withCache(async (folder, compute, calls) => {
    const directory = `${folder}/new/cache`;
    assertEquals(await cached(directory, key, compute), tensorsOf(1));
    assertEquals(await cached(directory, { k: 5, what: "knn" }, compute), tensorsOf(1));
    assertEquals(calls(), 1);
    assertEquals(/\/[0-9a-f]{32}\.safetensors$/.test(onlyFileIn(directory)), true);
  }));

Deno.test("every difference in the key counts, a number's type included", () =>
  withCache(async (folder, compute, calls) => {
    const keys = [key, { ...key, k: 6 }, { ...key, k: "5" }, { what: "knn" }, { ...key, x: "" }];
    for (const other of keys) await cached(folder, other, compute);
    assertEquals(calls(), keys.length);
    assertEquals([...Deno.readDirSync(folder)].length, keys.length);
  }));

Deno.test("a key that JSON cannot tell from another is refused", async () => {
  await assertRejects(() => cached("unused", { k: NaN }, () => ({})), RangeError, '"k" is NaN');
});

const damages: [string, (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>][] = [
  ["empty", () => new Uint8Array(0)],
  ["truncated", (bytes) => bytes.slice(0, -1)],
  ["foreign", () => new TextEncoder().encode("not safetensors at all")],
  ["changed by one bit", (bytes) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1)],
];

for (const [damage, spoil] of damages) {
  Deno.test(`a file that is ${damage} is computed again and replaced`, () =>
    withCache(async (folder, compute, calls) => {
      await cached(folder, key, compute);
      const path = onlyFileIn(folder);
      const good = await Deno.readFile(path);
      await Deno.writeFile(path, spoil(good));
      assertEquals(await cached(folder, key, compute), tensorsOf(2));
      assertEquals(await cached(folder, key, compute), tensorsOf(2));
      assertEquals(calls(), 2);
      assertNotEquals(await Deno.readFile(onlyFileIn(folder)), good);
    }));
}

Deno.test("a file made for another key is not believed", () =>
  withCache(async (folder, compute, calls) => {
    await cached(folder, key, compute);
    const path = onlyFileIn(folder);
    await cached(`${folder}/other`, { k: 6 }, compute);
    await Deno.copyFile(onlyFileIn(`${folder}/other`), path);
    assertEquals(await cached(folder, key, compute), tensorsOf(3));
    assertEquals(calls(), 3);
  }));

Deno.test("a failing computation leaves nothing", () =>
  withCache(async (folder) => {
    const fail = () => Promise.reject(new Error("no features"));
    await assertRejects(() => cached(folder, key, fail), Error, "no features");
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test("a folder that cannot be written is reported once and does not stop the work", () =>
  withCache(async (folder, compute) => {
    await Deno.writeTextFile(`${folder}/file`, "in the way");
    const original = console.warn;
    const warnings: string[] = [];
    console.warn = (text: string) => warnings.push(text);
    try {
      assertEquals(await cached(`${folder}/file`, key, compute), tensorsOf(1));
      assertEquals(await cached(`${folder}/file`, key, compute), tensorsOf(2));
    } finally {
      console.warn = original;
    }
    assertEquals(warnings.length, 1);
    assertEquals(warnings[0]!.startsWith("Going on without the cache. Cannot write "), true);
  }));
