import { assertEquals, assertThrows } from "@std/assert";
import { formatTable } from "../../src/experiments/table.ts";

const tables: [string, string[], (string | number)[][], string[]][] = [
  [
    "numbers to the right, words to the left",
    ["System", "Recall@20", "Seconds"],
    [["STAIR", "**0.1042**", 12], ["MF-BPR", "0.0440", 3.5], ["none", "–", ""]],
    [
      "| System |  Recall@20 | Seconds |",
      "| ------ | ---------: | ------: |",
      "| STAIR  | **0.1042** |      12 |",
      "| MF-BPR |     0.0440 |     3.5 |",
      "| none   |          – |         |",
    ],
  ],
  [
    "a column with one word is text",
    ["a", "b"],
    [["1", "n/a"], ["−2.5%", "3"], [NaN, "4"]],
    ["|     a | b   |", "| ----: | --- |", "|     1 | n/a |", "| −2.5% | 3   |", "|   NaN | 4   |"],
  ],
  [
    "bars and line breaks stay inside their cell",
    ["β", "title"],
    [["𝛽", "a|b\n c"]],
    ["| β   | title  |", "| --- | ------ |", "| 𝛽   | a\\|b c |"],
  ],
  ["no rows", ["only", "x"], [], ["| only | x   |", "| ---- | --- |"]],
];

for (const [name, header, rows, lines] of tables) {
  Deno.test(`table: ${name}`, () => assertEquals(formatTable(header, rows).split("\n"), lines));
}

Deno.test("a row of another length is refused", () => {
  assertThrows(() => formatTable(["a", "b"], [["1"]]), RangeError, "1 cells under 2 headings");
});
