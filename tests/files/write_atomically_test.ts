import { assertEquals, assertRejects } from "@std/assert";
import { writeAtomically } from "../../src/files/write_atomically.ts";
import { InputError } from "../../src/input_error.ts";

async function inTemporaryFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

/** Replaces one method of open files while `body` runs. */
async function withFileMethod<K extends "write" | "sync">(
  method: K,
  replacement: Deno.FsFile[K],
  body: () => Promise<void>,
): Promise<void> {
  const original = Deno.FsFile.prototype[method];
  Deno.FsFile.prototype[method] = replacement;
  try {
    await body();
  } finally {
    Deno.FsFile.prototype[method] = original;
  }
}

Deno.test("bytes and text are written, over older content and into new folders", () =>
  inTemporaryFolder(async (folder) => {
    const path = `${folder}/new/deeper/file.bin`;
    await writeAtomically(path, "older and longer é");
    assertEquals(await Deno.readTextFile(path), "older and longer é");
    await writeAtomically(path, new Uint8Array([1, 2, 3]));
    assertEquals([...await Deno.readFile(path)], [1, 2, 3]);
    await writeAtomically(path, "");
    assertEquals((await Deno.stat(path)).size, 0);
    assertEquals(namesIn(`${folder}/new/deeper`), ["file.bin"]);
  }));

async function* later(...parts: (Uint8Array<ArrayBuffer> | Error)[]) {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield await Promise.resolve(part);
  }
}

Deno.test("parts are written one after the other, those at hand and those that come", () =>
  inTemporaryFolder(async (folder) => {
    const parts = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3, 4, 5).subarray(1)];
    for (const content of [parts, new Set(parts), later(...parts)]) {
      await writeAtomically(`${folder}/file`, content);
      assertEquals([...await Deno.readFile(`${folder}/file`)], [1, 2, 4, 5]);
    }
    await writeAtomically(`${folder}/file`, []);
    assertEquals((await Deno.stat(`${folder}/file`)).size, 0);
  }));

Deno.test("when a part does not come, the old content survives and no temporary file stays", () =>
  inTemporaryFolder(async (folder) => {
    const path = `${folder}/file`;
    await writeAtomically(path, "old");
    const parts = later(Uint8Array.of(1, 2), new Error("it was lost"));
    await assertRejects(() => writeAtomically(path, parts), Error, "it was lost");
    assertEquals(await Deno.readTextFile(path), "old");
    assertEquals(namesIn(folder), ["file"]);
  }));

Deno.test("a system that writes a little at a time still gets everything", () =>
  inTemporaryFolder(async (folder) => {
    const write = Deno.FsFile.prototype.write;
    await withFileMethod("write", function (this: Deno.FsFile, bytes) {
      return write.call(this, bytes.subarray(0, 2));
    }, () => writeAtomically(`${folder}/file`, "abcdefg"));
    assertEquals(await Deno.readTextFile(`${folder}/file`), "abcdefg");
  }));

for (const method of ["write", "sync"] as const) {
  Deno.test(`when ${method} fails, the old content survives and no temporary file stays`, () =>
    inTemporaryFolder(async (folder) => {
      const path = `${folder}/file`;
      await writeAtomically(path, "old");
      const full = () =>
        Promise.reject(new Error("No space left on device (os error 28), write '/x'"));
      await withFileMethod(method, full, async () => {
        const error = await assertRejects(() => writeAtomically(path, "new"), InputError);
        assertEquals(error.message, `Cannot write ${path}: No space left on device.`);
      });
      assertEquals(await Deno.readTextFile(path), "old");
      assertEquals(namesIn(folder), ["file"]);
    }));
}

Deno.test("a folder in the file's place is left alone", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.mkdir(`${folder}/taken/inside`, { recursive: true });
    await assertRejects(() => writeAtomically(`${folder}/taken`, "x"), InputError, "Cannot write");
    assertEquals(namesIn(folder), ["taken"]);
    assertEquals(namesIn(`${folder}/taken`), ["inside"]);
  }));

Deno.test("a file in the folder's place is named in one sentence", () =>
  inTemporaryFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "old");
    const path = `${folder}/file/below`;
    const error = await assertRejects(() => writeAtomically(path, "x"), InputError);
    assertEquals(/^Cannot write .*\/file\/below: [^\n]+\.$/.test(error.message), true);
    assertEquals(await Deno.readTextFile(`${folder}/file`), "old");
  }));

Deno.test({
  name: "a place that may not be written is refused",
  permissions: { read: "inherit", write: false },
  fn: async () => {
    await assertRejects(() => writeAtomically("closed/file", "x"), InputError, "closed/file");
  },
});
