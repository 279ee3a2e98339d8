/**
 * A model that is computed when it is made, in the place of one in training: its run is an evaluation and a test.
 *
 * @module
 */
import { Scratch } from "../gpu/scratch.ts";
import type { BuiltModel } from "../models/model.ts";
import { modelTensors, shapesOf, streamTensors, writeTensors } from "../models/saved_tensor.ts";
import type { Trainer } from "./trainer.ts";

/** What a run does with a model, whether it is trained or computed. */
export type Training =
  & Pick<
    Trainer,
    | "epoch"
    | "scratch"
    | "shapes"
    | "runEpochs"
    | "savedState"
    | "restore"
    | "keepBest"
    | "returnToBest"
    | "bestState"
    | "restoreBest"
  >
  & Disposable;

/** The run of a model that is computed: its only state is its best one. */
export function createComputed(model: BuiltModel): Training {
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
