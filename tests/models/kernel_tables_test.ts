/** What models are recorded with, against the tables of tests/kernels_test.ts. */
import { assert, assertEquals } from "@std/assert";
import { createRanker } from "../../src/evaluation/ranking.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { compiledKernels } from "../../src/gpu/kernel.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { builtModel, isComputed } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { createTrainingStep } from "../../src/training/training_step.ts";
import { inBothWays } from "../gpu/gather/both_gathers.ts";
import { kernelTables } from "../kernel_tables.ts";
import { madeDataset } from "../training/made_dataset.ts";

/** Each kernel in the tables with the parts that it is put together from. */
const inTables = new Set(
  Object.entries(kernelTables).flatMap(([kernel, makeTable]) =>
    makeTable().map(({ parts = [] }) => [kernel, ...parts].join(" "))
  ),
);

Deno.test("every kernel that a model is recorded with is in the tables, parts and all", async (test) => {
  using opened = await openDevice();
  const dataset = madeDataset();
  const shape = {
    rows: dataset.userCount + dataset.itemCount,
    triples: dataset.train.column.length,
    batchSize: 64,
  };
  for (
    const { kind, gpu, from } of inBothWays(opened, Object.values(models).map((kind) => ({ kind })))
  ) {
    await test.step(`${kind.name}, from ${from}`, async () => {
      using model = builtModel(await kind.create(gpu, dataset, { content: { text: 0.5 } }));
      using scratch = new Scratch(gpu);
      // With both kinds of decay that there are.
      const settings = { learningRate: 0.01, weightDecay: 0.1, l2: 0.1 };
      using step = model.phases.length > 0
        ? createTrainingStep(model, shape, settings, scratch)
        : undefined;
      using _ranker = createRanker(model, dataset.train, 5, scratch);
      using sweep = model.createSweep?.(scratch);
      assert(step || sweep || isComputed(model));
      const used = new Set(compiledKernels(gpu).map(({ files }) => files.join(" ")));
      assertEquals([...used].filter((files) => !inTables.has(files)), []);
    });
  }
});
