/**
 * Trains a model epoch by epoch: draws batches, replays the recorded step, counts epochs.
 *
 * @module
 */
import type { Gpu } from "../gpu/device.ts";
import { Scratch } from "../gpu/scratch.ts";
import { readFloats, write } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { Model } from "../models/model.ts";
import { type EpochShape, stepCount } from "../ops/bpr_loss.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import { type AdamSettings, completeAdam } from "./adamw.ts";
import { type EpochBatches, gatherBatches, requireNegatives, sampleTriples } from "./sampler.ts";
import { createTrainingStep, type TrainingStep } from "./training_step.ts";

/** What training needs besides the model. */
export interface TrainerSettings extends AdamSettings {
  /** Triples per step. */
  readonly batchSize: number;
  /** Seed of order and negatives. */
  readonly seed: number;
}

/** What an epoch gave. */
export interface EpochResult {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Mean loss over all triples. */
  readonly loss: number;
  /**
   * Seconds from the first step's submission to the last loss. The next epoch's batches are drawn
   * meanwhile, so that they count only where drawing takes longer than training.
   */
  readonly seconds: number;
}

/** Embeddings and both moments, as they are saved. */
export interface TrainingState {
  /** Epochs trained. */
  readonly epoch: number;
  /** (users + items) × dim. */
  readonly embeddings: Float32Array<ArrayBuffer>;
  /** Running means of gradients, likewise. */
  readonly firstMoment: Float32Array<ArrayBuffer>;
  /** Running means of squared gradients, likewise. */
  readonly secondMoment: Float32Array<ArrayBuffer>;
}

/** A model in training. */
export class Trainer implements Disposable {
  /** Epochs trained so far. */
  epoch = 0;
  /** Memory for intermediate results, to be shared with what runs between epochs. */
  readonly scratch: Scratch;
  readonly #gpu: Gpu;
  readonly #train: SparsePattern;
  readonly #seed: number;
  readonly #shape: EpochShape;
  readonly #step: TrainingStep;
  readonly #resources: DisposableStack;
  #drawn: { epoch: number; batches: EpochBatches } | undefined;

  /**
   * Allocates the optimizer and records the step.
   *
   * @throws {InputError} when a setting is out of range.
   */
  constructor(gpu: Gpu, model: Model, train: SparsePattern, settings: TrainerSettings) {
    requireTrainerSettings(settings);
    requireNegatives(train);
    this.#gpu = gpu;
    this.#train = train;
    this.#seed = settings.seed;
    this.#shape = {
      rows: model.userCount + model.itemCount,
      triples: train.column.length,
      batchSize: Math.min(settings.batchSize, train.column.length),
    };
    using resources = new DisposableStack();
    this.scratch = resources.use(new Scratch(gpu));
    this.#step = resources.use(
      createTrainingStep(gpu, model, this.#shape, settings, this.scratch),
    );
    this.#resources = resources.move();
  }

  /** Steps in an epoch. */
  get steps(): number {
    return stepCount(this.#shape);
  }

  /**
   * Trains one epoch. The next one's batches are drawn while the GPU works.
   *
   * @throws {GpuError} when the GPU fails.
   */
  async runEpoch(): Promise<EpochResult> {
    const epoch = this.epoch + 1;
    const { batches } = this.#drawn?.epoch === epoch ? this.#drawn : this.#draw(epoch);
    this.#step.load(batches, this.epoch * this.steps);
    const start = performance.now();
    this.#step.program.run(this.steps);
    const losses = readFloats(this.#gpu, this.#step.batches.loss);
    this.#drawn = this.#draw(epoch + 1);
    const [loss] = await losses;
    const seconds = (performance.now() - start) / 1000;
    this.epoch = epoch;
    return { epoch, loss: loss!.reduce((sum, x) => sum + x, 0) / this.#shape.triples, seconds };
  }

  /** Reads what a checkpoint holds. */
  async state(): Promise<TrainingState> {
    const { parameter, firstMoment: first, secondMoment: second } = this.#step.optimized;
    const read = await readFloats(this.#gpu, parameter, first, second);
    const [embeddings, firstMoment, secondMoment] = read as [Floats, Floats, Floats];
    return { epoch: this.epoch, embeddings, firstMoment, secondMoment };
  }

  /** Goes back, or on, to a saved state. */
  restore({ epoch, embeddings, firstMoment, secondMoment }: TrainingState): void {
    const { optimized } = this.#step;
    write(this.#gpu, optimized.parameter, embeddings);
    write(this.#gpu, optimized.firstMoment, firstMoment);
    write(this.#gpu, optimized.secondMoment, secondMoment);
    this.epoch = epoch;
  }

  /** Releases the optimizer and the step; the model stays. */
  [Symbol.dispose](): void {
    this.#resources.dispose();
  }

  #draw(epoch: number): { epoch: number; batches: EpochBatches } {
    const triples = sampleTriples(this.#train, this.#seed, epoch);
    return { epoch, batches: gatherBatches(triples, this.#shape) };
  }
}

type Floats = Float32Array<ArrayBuffer>;

/**
 * Checks settings that do not depend on the data.
 *
 * @throws {InputError} when one is out of range.
 */
export function requireTrainerSettings(settings: TrainerSettings): void {
  const { batchSize, seed } = settings;
  const { learningRate, weightDecay, beta1, beta2, epsilon } = completeAdam(settings);
  const require = (name: string, value: number, holds: boolean, range: string): void => {
    if (!holds) throw new InputError(`${name} is ${value}, but must be ${range}.`);
  };
  require(
    "batch-size",
    batchSize,
    Number.isInteger(batchSize) && batchSize >= 1,
    "a whole number from 1",
  );
  require("learning-rate", learningRate, learningRate > 0 && learningRate < Infinity, "above 0");
  require("weight-decay", weightDecay, weightDecay >= 0 && weightDecay < Infinity, "0 or more");
  require("seed", seed, Number.isSafeInteger(seed) && seed >= 0, "a whole number from 0");
  require("beta1", beta1, beta1 >= 0 && beta1 < 1, "from 0 to below 1");
  require("beta2", beta2, beta2 >= 0 && beta2 < 1, "from 0 to below 1");
  require("epsilon", epsilon, epsilon > 0 && epsilon < Infinity, "above 0");
}
