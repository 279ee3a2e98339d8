/**
 * A whole run by the protocol: evaluate before training, every few epochs and after the last; keep the
 * state with the best validation NDCG@20; test once, with that state.
 *
 * @module
 */
import { median } from "d3-array";
import type { Dataset } from "../data/dataset.ts";
import type { Metrics } from "../evaluation/metrics.ts";
import { createEvaluator } from "../evaluation/ranking.ts";
import type { Gpu } from "../gpu/device.ts";
import { write } from "../gpu/tensor.ts";
import { InputError } from "../input_error.ts";
import type { Model } from "../models/model.ts";
import type { BestSoFar, RunConfig } from "./checkpoint.ts";
import { openRunFolder, type RunFolder } from "./run_folder.ts";
import { Trainer, type TrainerSettings, type TrainingState } from "./trainer.ts";

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
  /** Ends the run after the epoch at work, with a checkpoint to resume from. */
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
  readonly ended: "all epochs" | "patience" | "interrupted";
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

/**
 * Trains a model and leaves it at its best state.
 *
 * @throws {InputError} when a setting is out of range, the loss is not finite, or a run cannot be
 * resumed with these settings.
 */
export async function train(
  gpu: Gpu,
  model: Model,
  dataset: Dataset,
  options: TrainOptions,
): Promise<TrainResult> {
  const { epochs, evalEvery = 5, patience = Infinity, signal, onEpoch = () => {} } = options;
  requireOptions(epochs, evalEvery, patience);
  using trainer = new Trainer(gpu, model, dataset.train, options);
  using validation = createEvaluator(gpu, model, dataset, "valid", trainer.scratch);
  const config = configOf(model, dataset, options);
  const folder = options.out === undefined ? undefined : await openRunFolder(options.out, {
    config,
    shape: model.embeddings.shape,
    data: dataset.folder,
    resume: options.resume ?? false,
  });
  const run = await startRun(trainer, folder);
  let saved = performance.now();

  const finishEpoch = async (result?: { loss: number; seconds: number }): Promise<void> => {
    const { epoch } = trainer;
    const evaluated = epoch % evalEvery === 0 || epoch === epochs;
    const valid = evaluated ? await validation.evaluate() : undefined;
    const state = evaluated || performance.now() - saved > CHECKPOINT_SECONDS * 1000
      ? await trainer.state()
      : undefined;
    if (valid && valid["ndcg@20"]! > run.best.ndcg) {
      run.best = { epoch, ndcg: valid["ndcg@20"]! };
      run.bestState = state!;
      run.bestValid = valid;
      await folder?.saveBest(state!, run.best);
    }
    await folder?.appendMetrics({ epoch, ...result, valid });
    if (state) {
      await folder?.saveLast(state, run.best);
      saved = performance.now();
    }
    if (result) run.seconds.push(result.seconds);
    onEpoch({ epoch, ...result, valid, best: run.best });
  };

  const outOfPatience = (): boolean => trainer.epoch - run.best.epoch >= patience * evalEvery;
  if (run.best.epoch < 0) await finishEpoch();
  while (trainer.epoch < epochs && !outOfPatience() && !signal?.aborted) {
    const result = await trainer.runEpoch();
    if (!Number.isFinite(result.loss)) throw diverged(result.epoch, folder);
    await finishEpoch(result);
  }
  const ended = trainer.epoch >= epochs
    ? "all epochs"
    : outOfPatience()
    ? "patience"
    : "interrupted";
  if (ended === "interrupted") await folder?.saveLast(await trainer.state(), run.best);
  write(gpu, model.embeddings, run.bestState.embeddings);
  using testing = createEvaluator(gpu, model, dataset, "test", trainer.scratch);
  return {
    epochs: trainer.epoch,
    ended,
    bestEpoch: run.best.epoch,
    secondsPerEpoch: median(run.seconds) ?? 0,
    valid: run.bestValid ?? await validation.evaluate(),
    test: await testing.evaluate(),
  };
}

/** What a run carries from epoch to epoch. */
interface Run {
  best: BestSoFar;
  bestState: TrainingState;
  bestValid: Metrics | undefined;
  seconds: number[];
}

async function startRun(trainer: Trainer, folder: RunFolder | undefined): Promise<Run> {
  const before = folder?.resumed;
  if (!before) {
    const nothing = { epoch: -1, ndcg: -Infinity };
    return {
      best: nothing,
      bestState: await trainer.state(),
      bestValid: undefined,
      seconds: [],
    };
  }
  trainer.restore(before.last);
  const { best, bestState, seconds } = before;
  return { best, bestState, bestValid: undefined, seconds };
}

function configOf(model: Model, { name }: Dataset, options: TrainOptions): RunConfig {
  const { batchSize, learningRate, weightDecay, seed, epochs, evalEvery = 5, patience } = options;
  return {
    model: model.name,
    dataset: name,
    settings: model.settings,
    training: {
      epochs,
      batchSize,
      learningRate,
      weightDecay,
      seed,
      evalEvery,
      ...(patience === undefined ? {} : { patience }),
    },
  };
}

function diverged(epoch: number, folder: RunFolder | undefined): InputError {
  const kept = folder ? ` ${folder.path} keeps the last good checkpoint.` : "";
  return new InputError(
    `The loss of epoch ${epoch} is not a finite number: try a smaller learning rate.${kept}`,
  );
}

function requireOptions(epochs: number, evalEvery: number, patience: number): void {
  const wholeFrom = (name: string, value: number, least: number): void => {
    if (value !== Infinity && !(Number.isInteger(value) && value >= least)) {
      throw new InputError(`${name} is ${value}, but must be a whole number from ${least}.`);
    }
  };
  wholeFrom("epochs", epochs, 0);
  wholeFrom("eval-every", evalEvery, 1);
  wholeFrom("patience", patience, 1);
}
