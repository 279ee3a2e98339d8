/** What of the READMEs a program can check: that tables are whole, and that what they name is there. */
import { assert, assertEquals } from "@std/assert";

const root = new URL("../", import.meta.url);

for (const name of ["README.md", "data/README.md"]) {
  const text = Deno.readTextFileSync(new URL(name, root));

  Deno.test(`the tables of ${name} have as many cells in each row as in their head`, () => {
    const tables = text.split(/\n(?!\|)/).map((part) =>
      part.split("\n").filter((line) => line[0] === "|")
    );
    const whole = tables.filter((rows) => rows.length > 0);
    assert(whole.length > 0);
    for (const rows of whole) {
      const cells = rows.map((row) => row.split("|").length);
      assertEquals(cells, cells.map(() => cells[0]), rows[0]);
      const isRule = rows.map((row) => /^[|: -]+$/.test(row) && row.includes("--"));
      assertEquals(isRule, isRule.map((_, row) => row === 1), rows[0]);
    }
  });

  Deno.test(`what ${name} links to is there`, () => {
    const folder = new URL(name, root);
    const headings = Array.from(
      text.matchAll(/^#+ (.+)$/gm),
      ([, title = ""]) =>
        "#" + title.toLowerCase().replaceAll(/[^a-z0-9 -]/g, "").replaceAll(" ", "-"),
    );
    for (const [, link = ""] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (link.startsWith("https:")) continue;
      if (link.startsWith("#")) assert(headings.includes(link), link);
      else Deno.statSync(new URL(link, folder));
    }
  });
}
