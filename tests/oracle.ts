/**
 * What each kernel computes, in plain loops and f64: one twin per file of kernels/, by its path, with the
 * names of its bindings and parameters. A kernel's twin changes the arrays that the kernel writes to; a
 * part's declares the functions that the part does.
 */
import { gatherParts, gathers } from "./oracle/gather.ts";
import { graphs } from "./oracle/graphs.ts";
import { learnedGraph } from "./oracle/learned_graph.ts";
import { leastSquares } from "./oracle/least_squares.ts";
import { losses, tripleRows } from "./oracle/losses.ts";
import { ranking, scoreParts } from "./oracle/ranking.ts";
import { rows } from "./oracle/rows.ts";
import { endings, steps } from "./oracle/steps.ts";
import type { Functions, PartTwin, Twin } from "./oracle/twin.ts";

export type { Arrays, Functions, Numbers } from "./oracle/twin.ts";

/** The twins of all kernels. */
export const oracle: Record<string, Twin> = {
  ...gathers,
  ...graphs,
  ...learnedGraph,
  ...leastSquares,
  ...losses,
  ...ranking,
  ...rows,
  ...steps,
};

/** The twins of all parts. */
export const partTwins: Record<string, PartTwin> = {
  ...endings,
  ...gatherParts,
  ...scoreParts,
  ...tripleRows,
};

const undeclared = (): never => {
  throw new TypeError("No part of the case declares the function.");
};

/** What a kernel without parts may call. */
export const NO_FUNCTIONS: Functions = {
  walked_rows: undeclared,
  first_place: undeclared,
  end_place: undeclared,
  row_at: undeclared,
  first_entry: undeclared,
  end_entry: undeclared,
  neighbour_of: undeclared,
  weight_of: undeclared,
  result_of: undeclared,
  finish: undeclared,
  score_of: undeclared,
  rows_of: undeclared,
  user_vector: undeclared,
  item_vector: undeclared,
};
