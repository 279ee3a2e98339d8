/**
 * What each kernel computes, in plain loops and f64: one twin per file of kernels/, by its name, with
 * the names of its bindings and parameters. A twin changes the arrays that its kernel writes to, or gives
 * each number of its result to that of an ending.
 */
import { features } from "./oracle/features.ts";
import { graphs } from "./oracle/graphs.ts";
import { learnedGraph } from "./oracle/learned_graph.ts";
import { losses } from "./oracle/losses.ts";
import { ranking } from "./oracle/ranking.ts";
import { rows } from "./oracle/rows.ts";
import { steps } from "./oracle/steps.ts";
import type { Twin } from "./oracle/twin.ts";

export { endings } from "./oracle/steps.ts";
export type { Arrays, Finish, Numbers, Twin } from "./oracle/twin.ts";

/** All twins. */
export const oracle: Record<string, Twin> = {
  ...features,
  ...graphs,
  ...learnedGraph,
  ...losses,
  ...ranking,
  ...rows,
  ...steps,
};
