/** All tables of kernels_test.ts: for each kernel, dispatches of shapes that are awkward for it. */
import { cases as bpr } from "./kernel_tables/bpr.ts";
import { cases as dense } from "./kernel_tables/dense.ts";
import { cases as elementwise } from "./kernel_tables/elementwise.ts";
import { cases as frequencyBands } from "./kernel_tables/frequency_bands.ts";
import { cases as gather } from "./kernel_tables/gather.ts";
import { cases as gatherBatch } from "./kernel_tables/gather_batch.ts";
import { cases as gatherImage } from "./kernel_tables/gather_image.ts";
import { cases as itemGraph } from "./kernel_tables/item_graph.ts";
import { cases as leastSquares } from "./kernel_tables/least_squares.ts";
import { cases as losses } from "./kernel_tables/losses.ts";
import { cases as mmssl } from "./kernel_tables/mmssl.ts";
import { cases as penalties } from "./kernel_tables/penalties.ts";
import type { Case } from "./kernel_tables/random_case.ts";
import { cases as ranking } from "./kernel_tables/ranking.ts";
import { cases as steps } from "./kernel_tables/steps.ts";

/** The tables, by kernel. */
export const kernelTables: Record<string, () => Case[]> = {
  ...bpr,
  ...dense,
  ...elementwise,
  ...frequencyBands,
  ...gather,
  ...gatherBatch,
  ...gatherImage,
  ...itemGraph,
  ...leastSquares,
  ...losses,
  ...mmssl,
  ...penalties,
  ...ranking,
  ...steps,
};
