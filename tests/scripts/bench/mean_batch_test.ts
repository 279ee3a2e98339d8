import { assertEquals } from "@std/assert";
import { meanBatch } from "../../../scripts/bench/mean_batch.ts";
import { interactionGraph } from "../../../src/sparse/graphs.ts";
import { gatherBatches } from "../../../src/training/sampler.ts";

// Users 0 to 2 are rows 0 to 2, items 0 to 3 rows 3 to 6: a path 3 – 0 – 4 – 1 – 5 – 2, and 6 alone.
const train = {
  rowCount: 3,
  columnCount: 4,
  rowStart: Uint32Array.of(0, 2, 4, 5),
  column: Uint32Array.of(0, 1, 1, 2, 2),
};

const triples = {
  user: Uint32Array.of(0, 2),
  positive: Uint32Array.of(3, 5),
  negative: Uint32Array.of(6, 6),
};

const cases = [
  {
    batchSize: 1,
    // First 0, 3, 6 and with neighbours 4; then 2, 5, 6 and with neighbours 1.
    wanted: { triples: 1, stale: 1, rows: [3, 4, 7], entries: [3, 5, 10] },
  },
  {
    batchSize: 2,
    // 0, 2, 3, 5, 6; with neighbours all seven.
    wanted: { triples: 2, stale: 0, rows: [5, 7, 7], entries: [6, 10, 10] },
  },
];

for (const { batchSize, wanted } of cases) {
  Deno.test(`the reach of batches of ${batchSize} is counted and averaged`, () => {
    const batches = gatherBatches(triples, { rows: 7, triples: 2, batchSize });
    assertEquals(meanBatch(interactionGraph(train), batches), wanted);
  });
}
