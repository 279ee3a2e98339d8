/** Epochs that are drawn, uploaded and trained in chunks. */
import { assertEquals } from "@std/assert";
import { openDevice } from "../../src/gpu/device.ts";
import { builtModel } from "../../src/models/model.ts";
import { modelNamed } from "../../src/models/registry.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { madeDataset } from "./made_dataset.ts";

const dataset = madeDataset();
const training = { learningRate: 0.01, weightDecay: 0.1, batchSize: 50, seed: 3 };

// LATTICE's and MMSSL's first batches differ from later ones; MMSSL draws by the number of steps before.
for (const name of ["stair", "lattice", "mmssl"]) {
  Deno.test(`${name}: chunks give the bits and the losses of whole epochs`, async () => {
    using gpu = await openDevice();
    const results = [];
    for (const chunkTriples of [undefined, 1, 100]) {
      using model = builtModel(await modelNamed(name).create(gpu, dataset, { dim: 8 }));
      using trainer = new Trainer(model, dataset.train, { ...training, chunkTriples });
      const losses = [(await trainer.runEpoch()).loss, (await trainer.runEpoch()).loss];
      results.push({ losses, state: await trainer.state() });
    }
    const [whole, single, several] = results;
    assertEquals(single, whole);
    assertEquals(several, whole);
  });
}
