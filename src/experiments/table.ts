/**
 * Tables that read well in a terminal and are Markdown as they stand.
 *
 * @module
 */
import { markdownTable } from "markdown-table";

/**
 * A Markdown table with aligned columns, without a final line break. A column is right-aligned when
 * each of its filled cells is a number or starts like one ("0.0271", "**1.9%**", "−3"); a cell that
 * is empty or a dash counts as not filled.
 *
 * @throws {RangeError} when a row has not as many cells as the header.
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const wrong = rows.find((row) => row.length !== header.length);
  if (wrong !== undefined) {
    throw new RangeError(`A row has ${wrong.length} cells under ${header.length} headings`);
  }
  const body = rows.map((row) => row.map(cellText));
  const numeric = header.map((_, column) => isNumeric(body.map((row) => row[column]!)));
  // Three characters at least, as `deno fmt` writes the rule below a heading.
  const headings = header.map(cellText).map((cell, column) =>
    numeric[column] ? cell.padStart(3) : cell.padEnd(3)
  );
  const align = numeric.map((isNumber) => isNumber ? "right" : null);
  return markdownTable([headings, ...body], { align, stringLength: characterCount });
}

/** One line of text in which no bar ends the cell. */
function cellText(cell: string | number): string {
  return String(cell).replace(/\s+/g, " ").trim().replaceAll("|", "\\|");
}

function isNumeric(cells: string[]): boolean {
  const filled = cells.filter((cell) => !/^[-–—]?$/.test(cell));
  return filled.length > 0 && filled.every((cell) => /^\**[-+−<±]?(\.?\d|NaN|Infinity)/.test(cell));
}

/** In code points, so that "β" and "𝛽" both take one column. */
function characterCount(text: string): number {
  return [...text].length;
}
