/**
 * What a run works with: a trainer or, for a model that no batches train, what stands in its place. The run of one
 * that is computed when it is made is an evaluation and a test.
 *
 * @module
 */
import { Scratch } from "../gpu/scratch.ts";
import { type BuiltModel, isComputed } from "../models/model.ts";
import { modelTensors, shapesOf, streamTensors, writeTensors } from "../models/saved_tensor.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { createSweeping } from "./sweeping.ts";
import { Trainer, type TrainerSettings, type Training } from "./trainer.ts";

/** Makes what a run works with. */
export function createTraining(
  model: BuiltModel,
  train: SparsePattern,
  settings: TrainerSettings,
): Training {
  if (isComputed(model)) return createComputed(model);
  return model.createSweep ? createSweeping(model) : new Trainer(model, train, settings);
}

/** The run of a model that is computed: its only state is its best one. */
function createComputed(model: BuiltModel): Training {
  const { gpu } = model;
  const scratch = new Scratch(gpu);
  const tensors = modelTensors(model);
  const state = () => streamTensors(gpu, tensors, 0);
  return {
    epoch: 0,
    scratch,
    shapes: shapesOf(tensors),
    runEpochs: () => Promise.resolve([]),
    savedState: state,
    bestState: state,
    restore: (saved) => writeTensors(gpu, tensors, saved.tensors),
    restoreBest: (saved) => writeTensors(gpu, tensors, saved.tensors),
    keepBest: () => {},
    returnToBest: () => {},
    [Symbol.dispose]: () => scratch[Symbol.dispose](),
  };
}
