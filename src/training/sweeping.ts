/**
 * A model that is trained as a whole, in the place of one that batches train.
 *
 * @module
 */
import { Scratch } from "../gpu/scratch.ts";
import type { BuiltModel } from "../models/model.ts";
import { modelTensors, shapesOf, streamTensors, writeTensors } from "../models/saved_tensor.ts";
import { createBestState } from "./best_state.ts";
import type { EpochResult, Training } from "./trainer.ts";

/** Seconds after which the epochs so far are told. */
const SECONDS_UNTOLD = 1;

/**
 * Records a model's sweeps. What a checkpoint holds is the model: there is no optimizer.
 *
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export function createSweeping(model: BuiltModel): Training {
  const { gpu } = model, tensors = modelTensors(model);
  using resources = new DisposableStack();
  const scratch = resources.use(new Scratch(gpu));
  const sweep = resources.use(model.createSweep!(scratch));
  const best = resources.use(createBestState(model));
  const owned = resources.move();
  const training: Training = {
    epoch: 0,
    scratch,
    shapes: shapesOf(tensors),
    runEpochs: async (most, goOn = () => true) => {
      const start = performance.now(), results: EpochResult[] = [];
      do {
        const before = performance.now();
        const loss = await sweep.run();
        const seconds = (performance.now() - before) / 1000;
        results.push({ epoch: ++training.epoch, loss, seconds });
      } while (
        results.length < most && performance.now() - start < 1000 * SECONDS_UNTOLD && goOn()
      );
      return results;
    },
    savedState: () => streamTensors(gpu, tensors, training.epoch),
    restore: ({ epoch, tensors: saved }) => {
      writeTensors(gpu, tensors, saved);
      training.epoch = epoch;
    },
    keepBest: () => best.keep(training.epoch),
    returnToBest: best.giveBack,
    bestState: best.saved,
    restoreBest: best.restore,
    [Symbol.dispose]: () => owned.dispose(),
  };
  return training;
}
