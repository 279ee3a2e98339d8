/** What is asked of a GPU is what WebGPU guarantees everywhere: a Mac has no more. */
import { assert, assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { compiledKernels, storageBuffers } from "../../src/gpu/kernel.ts";
import { Scratch } from "../../src/gpu/scratch.ts";
import { createEvaluator } from "../../src/evaluation/ranking.ts";
import { builtModel } from "../../src/models/model.ts";
import { models } from "../../src/models/registry.ts";
import { createTrainingStep } from "../../src/training/training_step.ts";
import { madeDataset } from "../training/made_dataset.ts";
import { inBothWays } from "./gather/both_gathers.ts";
import { otherLimits } from "./guaranteed_limits.ts";

Deno.test("a device is opened with the limits that are guaranteed, but for the sizes of buffers", async () => {
  using gpu = await openDevice();
  assertEquals(otherLimits(gpu.device), []);
});

Deno.test("no pipeline of any model binds more than eight storage buffers", async (test) => {
  using opened = await openDevice();
  const data = madeDataset();
  const shape = {
    rows: data.userCount + data.itemCount,
    triples: data.train.column.length,
    batchSize: 64,
  };
  const cases = Object.values(models).map((kind) => ({ kind }));
  for (const { kind, gpu, from } of inBothWays(opened, cases)) {
    await test.step(`${kind.name} from ${from}`, async () => {
      using model = builtModel(await kind.create(gpu, data));
      using scratch = new Scratch(gpu);
      const settings = { learningRate: 0.01, weightDecay: 0.1, l2: 0.1 };
      using trained = new DisposableStack();
      if (model.phases.length > 0) {
        trained.use(createTrainingStep(model, shape, settings, scratch));
      } else if (model.createSweep) {
        trained.use(model.createSweep(scratch));
      }
      using evaluator = createEvaluator(model, data, "valid", { metrics: ["recall@5"], scratch });
      await evaluator.evaluate();
      const kernels = compiledKernels(gpu);
      const ofKind = model.phases.length > 0
        ? "endings/adam_step"
        : model.createSweep
        ? "conjugate_step"
        : "top_k";
      assert(kernels.some(({ files }) => files.includes(ofKind)));
      assertEquals(kernels.filter((kernel) => storageBuffers(kernel) > 8), []);
    });
  }
});
