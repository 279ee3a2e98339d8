import { assertEquals, assertRejects } from "@std/assert";
import { readTitles } from "../../src/data/titles.ts";
import { diskFolder } from "../../src/files/deno_source.ts";
import { InputError } from "../../src/input_error.ts";

async function titlesIn(folder: string): Promise<Map<number, string>> {
  const source = await diskFolder(folder);
  return await readTitles(source, await source.names());
}

async function titlesOf(name: string, content: string): Promise<Map<number, string>> {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/${name}`, content);
    return await titlesIn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("titles come from items.csv or a titles file", async () => {
  const expected = new Map([[0, 'A "good", red mug'], [2, "Pan"]]);
  const csv = 'item,title,brand\n0,"A ""good"", red mug",X\n2,Pan,Y\n';
  assertEquals(await titlesOf("items.csv", csv), expected);
  const tsv = "itemID\ttitle\n0\tA &quot;good&quot;, red mug\n2\tPan\twith lid\n";
  assertEquals(await titlesOf("titles_partial.tsv", tsv), expected);
  assertEquals(await titlesOf("else.txt", "nothing"), new Map());
});

Deno.test("a file that holds no titles is refused by file, line and value", async (test) => {
  const cases: [name: string, content: string, message: string][] = [
    ["items.csv", "item,name\n0,Mug\n", 'items.csv line 1: no column "title"'],
    ["items.csv", 'item,title\n0,Mug\n1,"red" pan\n', "items.csv: Syntax error on line 3"],
    ["titles.csv", "item,title\n", "titles.csv holds no items."],
    [
      "items.csv",
      'item,title\n0,"Mug,\nred"\n-1,Pan\n',
      'items.csv line 4: item "-1" is not a whole number from 0.',
    ],
    ["titles.tsv", "itemID\ttitle\n1.5\tPan\n", 'titles.tsv line 2: itemID "1.5" is not a whole'],
    ["titles.tsv", "itemID\ttitle\n\tPan\n", 'titles.tsv line 2: itemID "" is not a whole'],
  ];
  for (const [name, content, message] of cases) {
    await test.step(message, async () => {
      await assertRejects(() => titlesOf(name, content), InputError, message);
    });
  }
});

Deno.test("a file of titles that cannot be read is not passed over", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.symlink(`${folder}/nowhere`, `${folder}/items.csv`);
    await Deno.writeTextFile(`${folder}/titles.csv`, "item,title\n0,Mug\n");
    const message = `Cannot read ${folder}/items.csv`;
    await assertRejects(() => titlesIn(folder), InputError, message);
    await Deno.rename(`${folder}/items.csv`, `${folder}/titles.tsv`);
    await Deno.remove(`${folder}/titles.csv`);
    await assertRejects(() => titlesIn(folder), InputError, `Cannot read ${folder}/titles.tsv`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
