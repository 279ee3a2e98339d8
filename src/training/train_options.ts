/**
 * How to train: what is asked for, completed by the model's preset, and checked.
 *
 * @module
 */
import { DEFAULT_METRICS, type Metrics, parseMetrics } from "../evaluation/metrics.ts";
import { InputError } from "../input_error.ts";
import { type BuiltModel, isComputed, type TrainingSettings } from "../models/model.ts";
import { type AdamSettings, completeAdam } from "../tape/adamw.ts";

/** What there is to say of an epoch. */
export interface EpochReport<Metric extends string = string> {
  /** Its number; 0 before training. */
  readonly epoch: number;
  /** Mean loss; none for epoch 0. */
  readonly loss?: number;
  /** Seconds of the training steps; none for epoch 0. */
  readonly seconds?: number;
  /** Validation metrics, in epochs that were evaluated; what selects is among them. */
  readonly valid?: Metrics<Metric>;
  /** The epoch that validated best so far, and what it gave of the metric that selects. */
  readonly best: { readonly epoch: number; readonly value: number };
}

/**
 * How to train. Optimizer, batch size, epochs and patience are those of the model's preset unless told; the
 * protocol is the paper's.
 */
export interface TrainOptions<Metric extends string = string> extends Partial<AdamSettings> {
  /** Epochs to train. */
  readonly epochs?: number;
  /** Triples per step. */
  readonly batchSize?: number;
  /** Seed of order and negatives; the model's unless told. */
  readonly seed?: number;
  /** Epochs between evaluations; 5 unless told. */
  readonly evalEvery?: number;
  /** Evaluations without a better one after which to stop; Infinity for never. */
  readonly patience?: number;
  /** What is measured, as "recall@50"; Recall and NDCG at 10 and 20 unless told. */
  readonly metrics?: readonly Metric[];
  /** The metric whose best validation decides which state is kept and tested; "ndcg@20" unless told. */
  readonly select?: string;
  /** Run folder for checkpoints and metrics, which needs Deno; nothing is written without. */
  readonly out?: string;
  /** Whether to go on from the run folder's last checkpoint. */
  readonly resume?: boolean;
  /** Ends the run after the epoch at work, with a checkpoint to resume from and its reason thrown. */
  readonly signal?: AbortSignal;
  /** Told of every epoch, and of the evaluation before the first as epoch 0; the next one waits for it. */
  readonly onEpoch?: (report: EpochReport) => unknown;
}

/** Options with nothing left open, apart from those that a run can do without. */
export type CompleteTrainOptions =
  & Required<AdamSettings>
  & Required<Pick<TrainOptions, "epochs" | "batchSize" | "seed" | "evalEvery" | "select">>
  & Required<Pick<TrainOptions, "patience" | "metrics">>
  & Pick<TrainOptions, "out" | "resume" | "signal" | "onEpoch">;

/** The metric that selects unless told: the paper's. */
export const SELECTED = "ndcg@20";
const EVAL_EVERY = 5;

/**
 * Completes options for a model.
 *
 * @throws {InputError} when one is out of range.
 */
export function completeTrainOptions(
  { training, settings }: Pick<BuiltModel, "training" | "settings">,
  options: TrainOptions,
): CompleteTrainOptions {
  const { metrics = DEFAULT_METRICS, select = SELECTED, evalEvery = EVAL_EVERY } = options;
  const given = definedOnly(options);
  const whole: TrainingSettings = { ...training, ...given };
  const { batchSize, patience = Infinity } = whole;
  // What is computed has nothing to train, however many epochs others are given.
  const epochs = isComputed({ training }) ? 0 : whole.epochs;
  const { seed = Number(settings.seed) } = options;
  const adam = completeAdam({ ...training, ...given });
  const { out, resume, signal, onEpoch } = options;
  const complete = { ...adam, epochs, batchSize, patience, seed, evalEvery, metrics, select };
  requireTrainOptions(complete);
  return { ...complete, out, resume, signal, onEpoch };
}

/** Names of all that is measured: what is asked for, and what selects. */
export function measuredMetrics(
  { metrics, select }: Pick<CompleteTrainOptions, "metrics" | "select">,
): readonly string[] {
  return [...new Set([...metrics, select])];
}

function definedOnly<Options extends object>(options: Options): Partial<Options> {
  const defined: Partial<Options> = { ...options };
  for (const name in defined) if (defined[name] === undefined) delete defined[name];
  return defined;
}

function requireTrainOptions(
  options: Omit<CompleteTrainOptions, "out" | "resume" | "signal" | "onEpoch">,
): void {
  const demand = (name: string, value: unknown, holds: boolean, range: string): void => {
    if (!holds) throw new InputError(`${name} is ${value}, but must be ${range}.`);
  };
  const wholeFrom = (name: string, value: number, least: number): void =>
    demand(
      name,
      value,
      Number.isSafeInteger(value) && value >= least,
      `a whole number from ${least}`,
    );
  const { epochs, batchSize, seed, evalEvery, patience, metrics, select } = options;
  const { learningRate, weightDecay, l2, beta1, beta2, epsilon } = options;
  wholeFrom("epochs", epochs, 0);
  wholeFrom("batch-size", batchSize, 1);
  wholeFrom("seed", seed, 0);
  wholeFrom("eval-every", evalEvery, 1);
  if (patience !== Infinity) wholeFrom("patience", patience, 1);
  demand("learning-rate", learningRate, learningRate > 0 && learningRate < Infinity, "above 0");
  demand("weight-decay", weightDecay, weightDecay >= 0 && weightDecay < Infinity, "0 or more");
  demand("l2", l2, l2 >= 0 && l2 < Infinity, "0 or more");
  demand("beta1", beta1, beta1 >= 0 && beta1 < 1, "from 0 to below 1");
  demand("beta2", beta2, beta2 >= 0 && beta2 < 1, "from 0 to below 1");
  demand("epsilon", epsilon, epsilon > 0 && epsilon < Infinity, "above 0");
  parseMetrics(metrics);
  const [selected] = parseMetrics([select]);
  const accuracy = selected && "perUser" in selected && !select.startsWith("mean_popularity@");
  demand("select", `"${select}"`, accuracy === true, "a metric of which more is better");
}
