import { assertEquals } from "@std/assert";
import { isThere } from "../../src/files/is_there.ts";

Deno.test("files and folders are there, and nothing is beside or below a file", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/file`, "");
    const paths = [folder, `${folder}/file`, `${folder}/other`, `${folder}/file/below`];
    assertEquals(await Promise.all(paths.map(isThere)), [true, true, false, false]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
