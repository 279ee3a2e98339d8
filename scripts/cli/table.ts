/**
 * Tables that read well in a terminal and are Markdown as they stand.
 *
 * @module
 */

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
  const lines = [header, ...rows].map((row) => row.map(cellText));
  const columns = header.map((_, column) => {
    const cells = lines.map((line) => line[column]!);
    return { rightAligned: isNumeric(cells.slice(1)), width: Math.max(3, ...cells.map(widthOf)) };
  });
  const [headings, ...body] = lines.map((line) =>
    line.map((cell, column) => pad(cell, columns[column]!))
  );
  const rule = columns.map(({ rightAligned, width }) =>
    rightAligned ? `${"-".repeat(width - 1)}:` : "-".repeat(width)
  );
  return [headings!, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** One line of text in which no bar ends the cell. */
function cellText(cell: string | number): string {
  return String(cell).replace(/\s+/g, " ").trim().replaceAll("|", "\\|");
}

function isNumeric(cells: string[]): boolean {
  const filled = cells.filter((cell) => !/^[-–—]?$/.test(cell));
  return filled.length > 0 && filled.every((cell) => /^\**[-+−<±]?(\.?\d|NaN|Infinity)/.test(cell));
}

function pad(cell: string, column: { rightAligned: boolean; width: number }): string {
  const space = " ".repeat(column.width - widthOf(cell));
  return column.rightAligned ? space + cell : cell + space;
}

/** In code points, so that "β" and "𝛽" both take one column. */
function widthOf(text: string): number {
  return [...text].length;
}
