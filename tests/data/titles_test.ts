import { assertEquals, assertRejects } from "@std/assert";
import { readTitles } from "../../src/data/titles.ts";
import { InputError } from "../../src/input_error.ts";

async function titlesOf(name: string, content: string): Promise<Map<number, string>> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/${name}`, content);
    return await readTitles(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("titles come from items.csv or a titles file", async () => {
  const expected = new Map([[0, 'A "good", red mug'], [2, "Pan"]]);
  const csv = 'item,title,brand\n0,"A ""good"", red mug",X\n2,Pan,Y\n';
  assertEquals(await titlesOf("items.csv", csv), expected);
  const tsv = 'itemID\ttitle\n0\tA "good", red mug\n2\tPan\n';
  assertEquals(await titlesOf("titles_partial.tsv", tsv), expected);
  assertEquals(await titlesOf("else.txt", "nothing"), new Map());
});

Deno.test("a file without titles is refused", async () => {
  await assertRejects(
    () => titlesOf("items.csv", "item,name\n0,Mug\n"),
    InputError,
    "items.csv line 1",
  );
});
