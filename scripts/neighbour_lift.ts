/**
 * Measures how much likelier items with similar texts are to be bought by the same people.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { columnOf, idColumnOf, parseItemsTable } from "../src/data/items_table.ts";
import { neighbourLift, sharedUsers, sparseNeighbours } from "./shop/neighbour_lift.ts";
import { tfIdf } from "./encode/text_features.ts";
import { InputError } from "../src/input_error.ts";
import { readInput, rejectUnknown, requireText, runScript } from "./cli/command_line.ts";

/** Text neighbours per item, as in the paper's item graph. */
const NEIGHBOURS = 5;

const HELP =
  `Prints the lift of text neighbours: how much likelier an item and one of its ${NEIGHBOURS} nearest
by TF-IDF share a user than any two items do.

usage: deno run --allow-read scripts/neighbour_lift.ts --items FILE --column NAME --interactions FILE

  --items FILE          items as .csv or .tsv, with a column item (or itemID)
  --column NAME         the column of texts
  --interactions FILE   lines of a user and one item (with a third column, only those that say train
                        or 0 count), or of a user and all of its items

example: deno run --allow-read scripts/neighbour_lift.ts --items data/shop/items.csv \\
           --column title --interactions data/shop/interactions.csv`;

async function main(): Promise<void> {
  const options = parseArgs(Deno.args, {
    boolean: ["help"],
    string: ["items", "column", "interactions"],
    unknown: rejectUnknown,
  });
  if (options.help) return console.log(HELP);
  const path = requireText("items", options.items);
  const items = parseItemsTable(await readInput(path), path);
  const texts = columnOf(items, requireText("column", options.column));
  const ids = columnOf(items, idColumnOf(items));
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const baskets = await readBaskets(requireText("interactions", options.interactions), rowOf);

  const { matrix } = tfIdf(texts, { minDocumentFrequency: 2 });
  const neighbours = sparseNeighbours(matrix, NEIGHBOURS);
  const result = neighbourLift(neighbours, sharedUsers(baskets.values(), texts.length));
  console.log(
    `P(neighbours share a user) ${result.neighbours.toFixed(5)}, ` +
      `P(random pair shares a user) ${result.randomPairs.toFixed(5)}, ` +
      `lift ${result.lift.toFixed(1)}`,
  );
}

/** Rows of the items table per user. */
async function readBaskets(
  path: string,
  rowOf: ReadonlyMap<string, number>,
): Promise<Map<string, number[]>> {
  const lines = (await readInput(path)).trimEnd().split(/\r?\n/);
  const hasHeader = !/^\d/.test(lines[0]!);
  const hasSplit = hasHeader && fields(lines[0]!).length === 3;
  const baskets = new Map<string, number[]>();
  lines.forEach((line, index) => {
    if (index === 0 && hasHeader) return;
    const [user, ...rest] = fields(line);
    if (hasSplit && rest[1] !== "train" && rest[1] !== "0") return;
    const basket = baskets.get(user!) ?? [];
    for (const item of hasSplit ? rest.slice(0, 1) : rest) {
      const row = rowOf.get(item);
      if (row === undefined) {
        throw new InputError(
          `${path} line ${index + 1}: item "${item}" is not in the items table.`,
        );
      }
      basket.push(row);
    }
    baskets.set(user!, basket);
  });
  return baskets;
}

function fields(line: string): string[] {
  return line.split(/[\s,]+/);
}

if (import.meta.main) await runScript(main);
