/**
 * Trains a model epoch by epoch: draws batches, replays the recorded step, counts epochs.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import { Scratch } from "../gpu/scratch.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { BuiltModel } from "../models/model.ts";
import { type EpochShape, stepCount } from "../tape/batch.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import type { AdamSettings } from "../tape/adamw.ts";
import {
  readTensors,
  shapesOf,
  type StreamedState,
  streamTensors,
  type TrainingState,
  writeTensors,
} from "../models/saved_tensor.ts";
import { type BestState, createBestState } from "./best_state.ts";
import { drawHere, type Drawing, drawInWorker, drawsInWorker } from "./drawing.ts";
import { type EpochBatches, requireNegatives } from "./sampler.ts";
import { createTrainingStep, type TrainingStep } from "./training_step.ts";

type Floats = Float32Array<ArrayBuffer>;

/** What training needs besides the model. */
export interface TrainerSettings extends AdamSettings {
  /** Triples per step. */
  readonly batchSize: number;
  /** Seed of order and negatives. */
  readonly seed: number;
  /** Triples that lie on the GPU at once, about; a million unless told. */
  readonly chunkTriples?: number;
  /** Whether batches are drawn in a Worker; as {@linkcode drawsInWorker} has it unless told. */
  readonly worker?: boolean;
}

/** Triples that are drawn and uploaded at once, about: 100 bytes each, here and there. */
const CHUNK_TRIPLES = 2 ** 20;

/** Seconds after which losses are read, if there is no reason to read them earlier. */
const SECONDS_UNREAD = 1;

/** Result of an epoch. */
export interface EpochResult {
  /** Number of the epoch, from 1. */
  readonly epoch: number;
  /** Mean loss over all triples, its terms weighted. */
  readonly loss: number;
  /**
   * Seconds from the upload of the batches to reading the losses, shared equally between epochs that are read
   * together. The batches that follow are drawn meanwhile; they count only where drawing takes longer than
   * training.
   */
  readonly seconds: number;
}

/** A model in training. */
export class Trainer implements Disposable {
  /** Epochs trained so far. */
  epoch = 0;
  /** Memory for intermediate results, to be shared with what runs between epochs. */
  readonly scratch: Scratch;
  /** The sizes of the chunks that epochs are trained in; an epoch's last one may be smaller. */
  readonly chunk: EpochShape;
  readonly #gpu: GpuDevice;
  readonly #model: BuiltModel;
  readonly #train: SparsePattern;
  readonly #seed: number;
  readonly #step: TrainingStep;
  readonly #best: BestState;
  readonly #resources: DisposableStack;
  /** Draws chunks from the beginning of the next epoch on. */
  #drawing: Drawing | undefined;
  #drawn: Promise<EpochBatches> | undefined;
  readonly #worker: boolean;

  /**
   * Allocates the optimizer and records the step.
   *
   * @throws {InputError} when no negative is left for a user.
   */
  constructor(model: BuiltModel, train: SparsePattern, settings: TrainerSettings) {
    requireNegatives(train);
    const { gpu } = model;
    this.#gpu = gpu;
    this.#model = model;
    this.#train = train;
    this.#seed = settings.seed;
    this.#worker = settings.worker ?? (!gpu.dry && drawsInWorker(gpu, train));
    const { chunkTriples = CHUNK_TRIPLES } = settings;
    const batchSize = Math.min(settings.batchSize, train.column.length);
    this.chunk = {
      rows: model.userCount + model.itemCount,
      triples: Math.min(train.column.length, batchSize * Math.ceil(chunkTriples / batchSize)),
      batchSize,
    };
    using resources = new DisposableStack();
    this.scratch = resources.use(new Scratch(gpu));
    this.#step = resources.use(
      createTrainingStep(model, this.chunk, settings, this.scratch, this.steps),
    );
    this.#best = resources.use(createBestState(model));
    this.#resources = resources.move();
  }

  /** Steps in an epoch. */
  get steps(): number {
    return Math.ceil(this.#train.column.length / this.chunk.batchSize);
  }

  /**
   * Trains one epoch.
   *
   * @throws {GpuError} when the GPU fails.
   */
  async runEpoch(): Promise<EpochResult> {
    const [result] = await this.runEpochs(1);
    return result!;
  }

  /**
   * Trains epochs until there are `most`, or for about a second, and then waits for the GPU and reads the losses
   * of all, so that it does not stand still between them. What follows is drawn while the GPU works.
   *
   * @param goOn Asked after each epoch.
   * @throws {GpuError} when the GPU fails.
   */
  async runEpochs(most: number, goOn = (): boolean => true): Promise<EpochResult[]> {
    const start = performance.now(), first = this.epoch + 1;
    const secondsSince = (): number => (performance.now() - start) / 1000;
    const end = first + Math.min(most, this.#step.room);
    let epoch = first;
    do await this.#submitEpoch(epoch++); while (
      epoch < end && secondsSince() < SECONDS_UNREAD && goOn()
    );
    const losses = (await this.#step.read()).map((terms) => this.#meanLoss(terms));
    const seconds = secondsSince() / losses.length;
    this.epoch = epoch - 1;
    return losses.map((loss, i) => ({ epoch: first + i, loss, seconds }));
  }

  /** Submits an epoch, and draws what follows. */
  async #submitEpoch(epoch: number): Promise<void> {
    const stepsBefore = (epoch - 1) * this.steps;
    this.#drawn ??= this.#draw(epoch);
    this.#model.beginEpoch?.(epoch);
    for (let firstBatch = 0; firstBatch < this.steps; firstBatch += stepCount(this.chunk)) {
      this.#step.load(await this.#drawn, { epoch, stepsBefore, firstBatch });
      this.#drawn = undefined;
      if (this.#worker) this.#drawn = this.#draw(epoch);
      await this.#step.run();
      this.#drawn ??= this.#draw(epoch);
    }
  }

  /** What a checkpoint holds, to be written before training goes on. */
  savedState(): StreamedState {
    return streamTensors(this.#gpu, this.#saved(), this.epoch);
  }

  /** Reads what a checkpoint holds. */
  async state(): Promise<TrainingState> {
    return { epoch: this.epoch, tensors: await readTensors(this.#gpu, this.#saved()) };
  }

  /** Restores a saved state, moments included. */
  restore({ epoch, tensors }: TrainingState): void {
    writeTensors(this.#gpu, this.#saved(), tensors);
    this.epoch = epoch;
    this.#stopDrawing();
  }

  /** Keeps the model as it is now for the best one so far, on the GPU: nobody waits. */
  keepBest(): void {
    this.#best.keep(this.epoch);
  }

  /** Gives the model the parameters of the best state; the optimizer is left as it is. */
  returnToBest(): void {
    this.#best.giveBack();
  }

  /** The best state, to be written: the model's parameters and buffers, without the optimizer's moments. */
  bestState(): StreamedState {
    return this.#best.saved();
  }

  /** Takes a saved state for the best one so far. */
  restoreBest(state: TrainingState): void {
    this.#best.restore(state);
  }

  /** Shapes of what a checkpoint holds, by name. */
  get shapes(): Readonly<Record<string, readonly number[]>> {
    return shapesOf(this.#saved());
  }

  /** Releases the optimizer and the step; the model stays. */
  [Symbol.dispose](): void {
    this.#stopDrawing();
    this.#resources.dispose();
  }

  #saved(): Record<string, Tensor> {
    const saved: Record<string, Tensor> = { ...this.#model.buffers };
    for (const [name, optimized] of Object.entries(this.#step.optimized)) {
      saved[name] = optimized.parameter;
      saved[`${name}.first_moment`] = optimized.firstMoment;
      saved[`${name}.second_moment`] = optimized.secondMoment;
    }
    return saved;
  }

  /** Mean over triples: each batch counts by its size. */
  #meanLoss(terms: Floats): number {
    const { batchSize } = this.chunk, triples = this.#train.column.length;
    let sum = 0;
    const reported = Object.values(this.#model.lossTerms).filter(({ apart, weight }) =>
      !apart && weight !== 0
    );
    for (const { index, count, weight } of reported) {
      for (let batch = 0; batch < this.steps; batch++) {
        const size = Math.min(batchSize, triples - batch * batchSize);
        sum += weight * size * terms[batch * count + index]!;
      }
    }
    return sum / triples;
  }

  /** Begins to draw the next chunk; of the epoch, where nothing was drawn before. */
  #draw(epoch: number): Promise<EpochBatches> {
    const order = { train: this.#train, seed: this.#seed, shape: this.chunk, epoch };
    this.#drawing ??= this.#worker ? drawInWorker(order) : drawHere(order);
    return this.#drawing.next();
  }

  #stopDrawing(): void {
    this.#drawing?.[Symbol.dispose]();
    this.#drawing = this.#drawn = undefined;
  }
}

/** What a run does with a model, however that is trained. */
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
