/**
 * The state of a model that validated best so far, kept on the GPU, so that nobody waits.
 *
 * @module
 */
import { createTensors } from "../gpu/tensor.ts";
import type { BuiltModel } from "../models/model.ts";
import {
  copyTensors,
  modelTensors,
  type StreamedState,
  streamTensors,
  type TrainingState,
  writeTensors,
} from "../models/saved_tensor.ts";

/** Room for a model's parameters and buffers, without the optimizer's moments. */
export interface BestState extends Disposable {
  /** Keeps the model as it is now, after an epoch. */
  keep(epoch: number): void;
  /** Gives the model what was kept. */
  giveBack(): void;
  /** What was kept, to be written. */
  saved(): StreamedState;
  /** Keeps a saved state. */
  restore(state: TrainingState): void;
}

/**
 * Takes the room.
 *
 * @throws {GpuError} when it exceeds what the adapter can hold.
 */
export function createBestState(model: BuiltModel): BestState {
  const { gpu, name } = model, own = modelTensors(model);
  const copies = Object.entries(own).map(([name, { label, shape }]) =>
    [name, [`best ${label}`, shape]] as const
  );
  const { [Symbol.dispose]: dispose, ...best } = createTensors(gpu, Object.fromEntries(copies));
  let kept = 0;
  return {
    keep: (epoch) => {
      copyTensors(gpu, `${name}: the best state is kept`, own, best);
      kept = epoch;
    },
    giveBack: () => copyTensors(gpu, `${name}: back to the best state`, best, own),
    saved: () => streamTensors(gpu, best, kept),
    restore: ({ epoch, tensors }) => {
      writeTensors(gpu, best, tensors);
      kept = epoch;
    },
    [Symbol.dispose]: dispose,
  };
}
