/**
 * Epochs here and in a PyTorch program, in turns on the same machine.
 *
 * @module
 */
import { median } from "d3-array";
import { basename } from "node:path";
import { openDevice } from "../../src/gpu/device.ts";
import { InputError } from "../../src/input_error.ts";
import { Trainer } from "../../src/training/trainer.ts";
import { startPeer } from "./peer_process.ts";
import { createModel, SEED, type Workload } from "./workload.ts";

/** The program to compare with. */
export interface PeerOptions {
  /** A Python program with the options and the output of stair_torch.py. */
  readonly path: string;
  /** PyTorch's device: cpu, cuda, … */
  readonly device: string;
}

/** Epochs of ours and of a PyTorch program. */
export interface PeerComparison {
  /** Its path. */
  readonly program: string;
  /** PyTorch's device. */
  readonly device: string;
  /** CPU threads that PyTorch may use. */
  readonly threads: number;
  /** Seconds per epoch of ours, in order. */
  readonly ours: readonly number[];
  /** Seconds per epoch of the PyTorch program, in order. */
  readonly theirs: readonly number[];
  /** Median of theirs over median of ours: above 1 where ours is faster. */
  readonly ratio: number;
}

/**
 * Trains STAIR here and in PyTorch in turns, one epoch each, after one epoch each to warm up.
 *
 * @throws {InputError} as {@linkcode peerArguments} and {@linkcode startPeer} do.
 * @throws {GpuError} when the GPU fails.
 */
export async function comparePeer(
  workload: Workload,
  { path, device }: PeerOptions,
  epochs: number,
): Promise<PeerComparison> {
  const { dataset, training, onProgress } = workload;
  const threads = navigator.hardwareConcurrency;
  const args = [path, ...peerArguments(workload), `--device=${device}`, `--threads=${threads}`];
  onProgress("STAIR: warming up");
  using gpu = await openDevice();
  using model = await createModel(gpu, "stair", workload);
  using trainer = new Trainer(model, dataset.train, { ...training, seed: SEED });
  await trainer.runEpoch();
  onProgress(`${basename(path)}: starting and warming up`);
  await using peer = startPeer("python3", args);
  await peer.runEpoch();
  const ours: number[] = [], theirs: number[] = [];
  for (let turn = 1; turn <= epochs; turn++) {
    onProgress(`turn ${turn} of ${epochs}: ours`);
    ours.push((await trainer.runEpoch()).seconds);
    onProgress(`turn ${turn} of ${epochs}: ${basename(path)}`);
    theirs.push(await peer.runEpoch());
  }
  const ratio = median(theirs)! / median(ours)!;
  return { program: path, device, threads, ours, theirs, ratio };
}

/**
 * The same files and settings as ours, as arguments of stair_torch.py.
 *
 * @throws {InputError} when the dataset is not of files that it can read.
 */
export function peerArguments({ dataset, settings, training }: Workload): string[] {
  const { name, folder, modalities } = dataset;
  const used = modalities.filter(({ name }) => settings.neighbors[name] !== 0);
  const features = fileNames(used.map(({ features }) => features?.source));
  const neighbours = fileNames(used.map(({ neighbours }) => neighbours?.source));
  if (
    folder === undefined || features.length < used.length ||
    ![0, used.length].includes(neighbours.length)
  ) {
    throw new InputError(
      `--peer needs files of features for every modality, and of neighbours for all or none; ` +
        `${name} has ${features.length} and ${neighbours.length} for ${used.length} modalities.`,
    );
  }
  return [
    folder,
    `--features=${features}`,
    ...(neighbours.length > 0 ? [`--neighbours=${neighbours}`] : []),
    `--k=${used.map(({ name }) => settings.neighbors[name])}`,
    `--gamma=${settings.gamma}`,
    `--d=${settings.dim}`,
    `--L=${settings.layers}`,
    `--lr=${training.learningRate}`,
    `--wd=${training.weightDecay}`,
    `--batch=${training.batchSize}`,
    `--seed=${SEED}`,
    // Trains as long as it is asked to, and evaluates only before the first epoch.
    "--epochs=1000000",
    "--every=1000000",
  ];
}

/** As stair_torch.py wants them: no folder, and features without their ending. */
function fileNames(paths: readonly (string | undefined)[]): string[] {
  return paths.filter((path) => path !== undefined).map((path) => basename(path, ".npy"));
}
