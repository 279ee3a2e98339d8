/**
 * A whole run by the protocol: evaluate before training, every few epochs and after the last; keep the
 * state with the best validation NDCG@20; test once, with that state.
 *
 * @module
 */
import { median } from "d3-array";
import type { Dataset } from "../data/dataset.ts";
import { fingerprint } from "../data/fingerprint.ts";
import type { Metrics } from "../evaluation/metrics.ts";
import { createEvaluator, type Evaluator } from "../evaluation/ranking.ts";
import type { GpuDevice } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { builtModel, type Model } from "../models/model.ts";
import type { BestSoFar, RunConfig } from "../runs/checkpoint.ts";
import { completeAdam } from "../tape/adamw.ts";
import {
  openRunFolder,
  readResumed,
  type RunDescription,
  type RunFolder,
} from "../runs/run_folder.ts";
import {
  type EpochResult,
  requireTrainerSettings,
  Trainer,
  type TrainerSettings,
  type TrainingState,
} from "./trainer.ts";

/** How to train. */
export interface TrainOptions extends TrainerSettings {
  /** Epochs to train. */
  readonly epochs: number;
  /** Epochs between evaluations; 5 unless told. */
  readonly evalEvery?: number;
  /** Evaluations without a better one after which to stop; never unless told. */
  readonly patience?: number;
  /** Run folder for checkpoints and metrics; nothing is written without. */
  readonly out?: string;
  /** Whether to go on from the run folder's last checkpoint. */
  readonly resume?: boolean;
  /** Ends the run after the epoch at work, with a checkpoint to resume from and its reason thrown. */
  readonly signal?: AbortSignal;
  /** Told of every epoch, and of the evaluation before the first as epoch 0. */
  readonly onEpoch?: (report: EpochReport) => void;
}

/** What there is to say of an epoch. */
export interface EpochReport {
  /** Its number; 0 before training. */
  readonly epoch: number;
  /** Mean loss; none for epoch 0. */
  readonly loss?: number;
  /** Seconds of the training steps; none for epoch 0. */
  readonly seconds?: number;
  /** Validation metrics, in epochs that were evaluated. */
  readonly valid?: Metrics;
  /** Best validation so far. */
  readonly best: BestSoFar;
}

/** What a run gave. */
export interface TrainResult {
  /** Epochs trained. */
  readonly epochs: number;
  /** Why it ended. */
  readonly ended: "all epochs" | "patience";
  /** The epoch whose state validated best; the model holds it now. */
  readonly bestEpoch: number;
  /** Median over epochs, of the training steps alone. */
  readonly secondsPerEpoch: number;
  /** Validation metrics of the best epoch. */
  readonly valid: Metrics;
  /** Test metrics of the best epoch. */
  readonly test: Metrics;
}

/** Seconds between checkpoints where epochs are slow and evaluations rare. */
const CHECKPOINT_SECONDS = 20;
const EVAL_EVERY = 5;

/**
 * Trains a model and leaves it at its best state.
 *
 * @throws {InputError} when a setting is out of range, the loss is not finite, or a run cannot be
 * resumed with these settings.
 * @throws {GpuError} when the GPU fails. Whatever `options.signal` was aborted with is thrown, too.
 */
export async function train(
  gpu: GpuDevice,
  model: Model,
  dataset: Dataset,
  options: TrainOptions,
): Promise<TrainResult> {
  requireTrainOptions(options);
  const built = builtModel(model);
  using trainer = new Trainer(gpu, built, dataset.train, options);
  const { scratch } = trainer;
  using validation = createEvaluator(gpu, built, dataset, "valid", { scratch });
  const run = new Run(trainer, validation, options);
  await run.begin(
    options.out === undefined ? undefined : {
      path: options.out,
      config: await configOf(model, dataset, options),
      shapes: trainer.shapes,
      data: dataset.folder,
    },
  );
  while (!run.ended) await run.trainEpoch();
  trainer.restoreModel(run.bestState!);
  using testing = createEvaluator(gpu, built, dataset, "test", { scratch });
  return {
    epochs: trainer.epoch,
    ended: run.ended,
    bestEpoch: run.best.epoch,
    secondsPerEpoch: median(run.seconds) ?? 0,
    valid: await validation.evaluate(),
    test: await testing.evaluate(),
  };
}

/** What training carries from epoch to epoch. */
class Run {
  /** Best validation so far, and the state that gave it, without moments. */
  best: BestSoFar = { epoch: -1, ndcg: -Infinity };
  bestState: TrainingState | undefined;
  /** Of each epoch trained. */
  seconds: number[] = [];
  readonly #trainer: Trainer;
  readonly #validation: Evaluator;
  readonly #options: TrainOptions;
  #folder: RunFolder | undefined;
  #saved = performance.now();

  constructor(trainer: Trainer, validation: Evaluator, options: TrainOptions) {
    this.#trainer = trainer;
    this.#validation = validation;
    this.#options = options;
  }

  /** Goes on with the run in the folder, or evaluates before training. */
  async begin(description: RunDescription | undefined): Promise<void> {
    const { resume, epochs } = this.#options;
    if (resume && description) {
      const before = await readResumed(description, epochs);
      this.#folder = await openRunFolder(description, before.rows);
      this.#trainer.restore(before.last);
      this.best = before.best;
      this.bestState = before.bestState;
      this.seconds = before.seconds;
      return;
    }
    const valid = await this.#validation.evaluate();
    // Not before the GPU has shown that it works: an earlier run makes way for this one.
    if (description) this.#folder = await openRunFolder(description);
    await this.#finishEpoch(valid);
  }

  /** Why there is nothing more to train, if there is not. */
  get ended(): TrainResult["ended"] | undefined {
    const { epochs, evalEvery = EVAL_EVERY, patience = Infinity } = this.#options;
    const { epoch } = this.#trainer;
    if (epoch >= epochs) return "all epochs";
    return epoch - this.best.epoch >= patience * evalEvery ? "patience" : undefined;
  }

  async trainEpoch(): Promise<void> {
    const { epochs, evalEvery = EVAL_EVERY, signal } = this.#options;
    if (signal?.aborted) {
      await this.#folder?.saveLast(await this.#trainer.state(), this.best);
      signal.throwIfAborted();
    }
    const result = await this.#trainer.runEpoch();
    if (!Number.isFinite(result.loss)) throw diverged(result.epoch, this.#folder);
    this.seconds.push(result.seconds);
    const evaluated = result.epoch % evalEvery === 0 || result.epoch === epochs;
    await this.#finishEpoch(evaluated ? await this.#validation.evaluate() : undefined, result);
  }

  /** Keeps what the epoch gave. The best state is saved before the last one, which names it. */
  async #finishEpoch(valid?: Metrics, result?: EpochResult): Promise<void> {
    const { epoch } = this.#trainer;
    const improved = valid !== undefined && valid["ndcg@20"]! > this.best.ndcg;
    const due = valid || performance.now() - this.#saved > CHECKPOINT_SECONDS * 1000;
    if (improved) {
      this.best = { epoch, ndcg: valid["ndcg@20"]! };
      this.bestState = await this.#trainer.modelState();
      await this.#folder?.saveBest(this.bestState, this.best);
    }
    const { loss, seconds } = result ?? {};
    await this.#folder?.appendMetrics({ epoch, loss, seconds, valid });
    if (due && this.#folder) {
      await this.#folder.saveLast(await this.#trainer.state(), this.best);
      this.#saved = performance.now();
    }
    this.#options.onEpoch?.({ epoch, loss, seconds, valid, best: this.best });
  }
}

async function configOf(
  model: Model,
  dataset: Dataset,
  options: TrainOptions,
): Promise<RunConfig> {
  const { batchSize, seed, epochs, evalEvery = EVAL_EVERY, patience } = options;
  return {
    model: model.name,
    dataset: dataset.name,
    fingerprint: await fingerprint(dataset),
    settings: model.settings,
    training: { batchSize, ...completeAdam(options), seed, evalEvery },
    length: { epochs, ...(patience === undefined ? {} : { patience }) },
  };
}

function diverged(epoch: number, folder: RunFolder | undefined): InputError {
  const kept = folder ? ` ${folder.path} keeps the last good checkpoint.` : "";
  return new InputError(
    `The loss of epoch ${epoch} is not a finite number: try a smaller learning rate.${kept}`,
  );
}

/**
 * Checks what does not depend on the data, so that a caller can before preparing a model.
 *
 * @throws {InputError} when a setting is out of range.
 */
export function requireTrainOptions(options: TrainOptions): void {
  requireTrainerSettings(options);
  const { epochs, evalEvery = EVAL_EVERY, patience = 1 } = options;
  const wholeFrom = (name: string, value: number, least: number): void => {
    if (!(Number.isInteger(value) && value >= least)) {
      throw new InputError(`${name} is ${value}, but must be a whole number from ${least}.`);
    }
  };
  wholeFrom("epochs", epochs, 0);
  wholeFrom("eval-every", evalEvery, 1);
  wholeFrom("patience", patience, 1);
}
