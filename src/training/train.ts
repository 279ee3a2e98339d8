/**
 * A whole run by the protocol: evaluate before training, every few epochs and after the last; keep the
 * state that validates best; test once, with that state.
 *
 * @module
 */
import { median } from "d3-array";
import type { Dataset } from "../data/dataset.ts";
import { fingerprint } from "../data/fingerprint.ts";
import type { DefaultMetric, Metrics } from "../evaluation/metrics.ts";
import { createEvaluator, type Evaluator } from "../evaluation/ranking.ts";
import { GpuError } from "../gpu/device.ts";
import { InputError } from "../input_error.ts";
import { type BuiltModel, builtModel, type Model } from "../models/model.ts";
import type { RunConfig } from "../runs/run_config.ts";
import type { MetricsRow, RunDescription, RunFolder } from "../runs/run_folder.ts";
import { completeAdam } from "../tape/adamw.ts";
import {
  type CompleteTrainOptions,
  completeTrainOptions,
  type EpochReport,
  measuredMetrics,
  type TrainOptions,
} from "./train_options.ts";
import { createTraining } from "./training.ts";
import type { EpochResult, Training } from "./trainer.ts";

/** Result of a run. */
export interface TrainResult<Metric extends string = string> {
  /** Epochs trained. */
  readonly epochs: number;
  /** Why it ended. */
  readonly ended: "all epochs" | "patience";
  /** The epoch whose state validated best; the model holds it now. */
  readonly bestEpoch: number;
  /** Median over epochs of the seconds of the training steps, without evaluation. */
  readonly secondsPerEpoch: number;
  /** Validation metrics of the best epoch. */
  readonly valid: Metrics<Metric>;
  /** Test metrics of the best epoch. */
  readonly test: Metrics<Metric>;
  /** The GPU it ran on. */
  readonly adapter: string;
  /** The most GPU memory at once since the GPU was opened, in bytes. */
  readonly peakGpuBytes: number;
  /** Every epoch from 0 on, those before a resumption included. */
  readonly history: readonly EpochReport<Metric>[];
}

/** Seconds between checkpoints, of which each reads all parameters and moments. */
const CHECKPOINT_SECONDS = 20;

/**
 * Trains a model and leaves it at the state that validated best, which is tested once.
 *
 * @param model Of `models.NAME.create` or of a defined kind.
 * @param data The dataset that the model was made for.
 * @throws {InputError} when an option is out of range, the loss is not finite, the dataset is not the
 * model's, or a run cannot be resumed with these options.
 * @throws {GpuError} when the GPU fails. Whatever `options.signal` was aborted with is thrown, too.
 */
export async function train<const Metric extends string = DefaultMetric>(
  model: Model,
  data: Dataset,
  options: TrainOptions<Metric> = {},
): Promise<TrainResult<Metric>> {
  const built = builtModel(model);
  requireSameSize(built, data);
  const complete = completeTrainOptions(built, options);
  const metrics = measuredMetrics(complete);
  using trainer = createTraining(built, data.train, complete);
  const { scratch } = trainer;
  using validation = createEvaluator(built, data, "valid", { metrics, scratch });
  const run = new Run(trainer, validation, complete);
  await run.begin(await describeRun(built, data, complete, trainer.shapes));
  const ended = await run.trainToTheEnd();
  trainer.returnToBest();
  using testing = createEvaluator(built, data, "test", { metrics, scratch });
  return {
    epochs: trainer.epoch,
    ended,
    bestEpoch: run.best.epoch,
    secondsPerEpoch: median(run.history.map(({ seconds }) => seconds)) ?? 0,
    valid: await validation.evaluate(),
    test: await testing.evaluate(),
    adapter: built.gpu.adapterName,
    peakGpuBytes: built.gpu.peakBytes,
    history: run.history,
  };
}

/** A run in progress. */
class Run {
  /** Best validation so far. The trainer keeps the state that gave it. */
  best: EpochReport["best"] = { epoch: -1, value: -Infinity };
  /** Of each epoch so far. */
  readonly history: EpochReport[] = [];
  readonly #trainer: Training;
  readonly #validation: Evaluator;
  readonly #options: CompleteTrainOptions;
  #folder: RunFolder | undefined;
  /** When the last checkpoint was written, and with which epoch's best state. */
  #saved = { at: -Infinity, best: -1 };

  constructor(trainer: Training, validation: Evaluator, options: CompleteTrainOptions) {
    this.#trainer = trainer;
    this.#validation = validation;
    this.#options = options;
  }

  /** Goes on with the run in the folder, or evaluates before training. */
  async begin(description: RunDescription | undefined): Promise<void> {
    const { resume, epochs } = this.#options;
    if (resume && description) {
      const { openRunFolder, readResumed } = await import("../runs/run_folder.ts");
      const before = await readResumed(description, epochs);
      this.#folder = await openRunFolder(description, before.rows);
      this.#trainer.restore(before.last);
      for (const row of before.rows) this.#note(row);
      this.best = before.best;
      this.#trainer.restoreBest(before.bestState);
      this.#saved = { at: performance.now(), best: before.best.epoch };
      return;
    }
    const valid = await this.#validation.evaluate();
    // Opened only after the first evaluation worked: opening it moves an earlier run away.
    if (description) {
      const { openRunFolder } = await import("../runs/run_folder.ts");
      this.#folder = await openRunFolder(description);
    }
    await this.#finishEpoch(valid);
  }

  /** Why the run is over; undefined while it is not. */
  get #ended(): TrainResult["ended"] | undefined {
    const { epochs, evalEvery, patience } = this.#options;
    const { epoch } = this.#trainer;
    if (epoch >= epochs) return "all epochs";
    return epoch - this.best.epoch >= patience * evalEvery ? "patience" : undefined;
  }

  /**
   * Trains and evaluates until the run is over.
   *
   * @throws {GpuError} when the GPU fails or leaves a step out: what it computed since the last checkpoint is
   * worth nothing.
   */
  async trainToTheEnd(): Promise<TrainResult["ended"]> {
    try {
      while (!this.#ended) await this.#trainEpochs();
      return this.#ended;
    } catch (error) {
      throw error instanceof GpuError ? new GpuError(error.message + this.#kept) : error;
    }
  }

  /** Trains up to the next evaluation, or for about a second. */
  async #trainEpochs(): Promise<void> {
    const { epochs, evalEvery, signal } = this.#options;
    if (signal?.aborted) {
      await this.#saveCheckpoint();
      signal.throwIfAborted();
    }
    const { epoch } = this.#trainer;
    const most = Math.min(evalEvery - epoch % evalEvery, epochs - epoch);
    const results = await this.#trainer.runEpochs(most, () => !signal?.aborted);
    const bad = results.find(({ loss }) => !Number.isFinite(loss));
    if (bad) throw diverged(bad.epoch, this.#kept);
    const last = results.pop()!;
    for (const result of results) {
      const report = this.#note(result);
      await this.#folder?.appendMetrics(result);
      await this.#options.onEpoch?.(report);
    }
    const evaluated = last.epoch % evalEvery === 0 || last.epoch === epochs;
    await this.#finishEpoch(evaluated ? await this.#validation.evaluate() : undefined, last);
  }

  /** What is left of a run that fails, for the end of a message. */
  get #kept(): string {
    return this.#folder ? ` ${this.#folder.path} keeps the last good checkpoint.` : "";
  }

  /** Keeps what the last epoch gave. Its row is written before the checkpoint, whose rows must all be there. */
  async #finishEpoch(valid?: Metrics, result?: EpochResult): Promise<void> {
    const { epoch } = this.#trainer;
    const { loss, seconds } = result ?? {};
    const row = { epoch, loss, seconds, valid };
    const report = this.#note(row);
    if (this.best.epoch === epoch) this.#trainer.keepBest();
    await this.#folder?.appendMetrics(row);
    const due = performance.now() - this.#saved.at > CHECKPOINT_SECONDS * 1000;
    if (due || this.#ended) await this.#saveCheckpoint();
    await this.#options.onEpoch?.(report);
  }

  /** Writes the best state, if it is another one, before the last one, which names it. */
  async #saveCheckpoint(): Promise<void> {
    if (!this.#folder) return;
    const { best } = this;
    if (best.epoch !== this.#saved.best) {
      await this.#folder.saveBest(this.#trainer.bestState(), best);
    }
    await this.#folder.saveLast(this.#trainer.savedState(), best);
    this.#saved = { at: performance.now(), best: best.epoch };
  }

  /** Adds an epoch to the history; it is the best so far if it validated better than all before. */
  #note({ epoch, loss, seconds, valid }: MetricsRow): EpochReport {
    const value = valid?.[this.#options.select];
    if (value !== undefined && value > this.best.value) this.best = { epoch, value };
    const trained = loss === undefined ? {} : { loss, seconds };
    const report = { epoch, ...trained, ...(valid ? { valid } : {}), best: this.best };
    this.history.push(report);
    return report;
  }
}

/** What the run folder is to say of the run; nothing without a folder. */
async function describeRun(
  model: BuiltModel,
  data: Dataset,
  options: CompleteTrainOptions,
  shapes: RunDescription["shapes"],
): Promise<RunDescription | undefined> {
  const { out: path, epochs, patience } = options;
  if (path === undefined) return undefined;
  const { batchSize, seed, evalEvery, metrics, select } = options;
  const config: RunConfig = {
    model: model.name,
    dataset: data.name,
    fingerprint: await fingerprint(data),
    settings: model.settings,
    training: { batchSize, ...completeAdam(options), seed, evalEvery, metrics, select },
    length: { epochs, ...(patience === Infinity ? {} : { patience }) },
  };
  return { path, config, shapes, metrics: measuredMetrics(options), data: data.folder };
}

function requireSameSize(
  { name, userCount, itemCount }: Model,
  data: Dataset,
): void {
  if (userCount === data.userCount && itemCount === data.itemCount) return;
  throw new InputError(
    `${name} was made for ${userCount} users and ${itemCount} items, ` +
      `but ${data.name} has ${data.userCount} and ${data.itemCount}.`,
  );
}

function diverged(epoch: number, kept: string): InputError {
  return new InputError(
    `The loss of epoch ${epoch} is not a finite number: try a smaller learning rate.${kept}`,
  );
}
