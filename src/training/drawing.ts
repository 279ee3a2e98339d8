/**
 * Batches drawn ahead of training: in a Worker where that pays, or else by whoever asks.
 *
 * @module
 */
import type { GpuDevice } from "../gpu/device.ts";
import type { SparsePattern } from "../sparse/csr.ts";
import type { EpochShape } from "../tape/batch.ts";
import { drawEpochs, type EpochBatches } from "./sampler.ts";

/** What is to be drawn: see {@linkcode drawEpochs}. */
export interface DrawingOrder {
  /** Who interacted with what. */
  readonly train: SparsePattern;
  /** Seed of order and negatives. */
  readonly seed: number;
  /** Of a chunk. */
  readonly shape: EpochShape;
  /** The first epoch. */
  readonly epoch: number;
}

/** Chunks of batches, one after the other. */
export interface Drawing extends Disposable {
  /** Begins to draw the next chunk. */
  next(): Promise<EpochBatches>;
}

/**
 * Interactions from which on a Worker pays, which takes some tens of milliseconds to start, and up to which: it
 * has a copy of them, and where there are more the GPU takes much longer than drawing does.
 */
const FEWEST_PAIRS = 50_000, MOST_PAIRS = 8_000_000;

/** Whether a Worker draws: not beside a software adapter, whose threads are on all cores. */
export function drawsInWorker(
  { gathersFromImages }: Pick<GpuDevice, "gathersFromImages">,
  train: SparsePattern,
): boolean {
  const pairs = train.column.length;
  return !gathersFromImages && pairs >= FEWEST_PAIRS && pairs <= MOST_PAIRS;
}

/** What a Worker takes by itself: 45 MB were measured, of Deno 2.9. */
const WORKER_BYTES = 48e6;

/** Bytes that a Worker takes beside what drawing takes, its copy of the interactions included. */
export function workerBytes({ rowStart, column }: SparsePattern): number {
  return WORKER_BYTES + rowStart.byteLength + column.byteLength;
}

/** Draws in this thread. */
export function drawHere({ train, seed, shape, epoch }: DrawingOrder): Drawing {
  const draws = drawEpochs(train, seed, shape, epoch);
  return { next: () => Promise.resolve(draws.next().value), [Symbol.dispose]: () => {} };
}

/**
 * Draws the same in a Worker; here after all where none can be had, as in a bundle of one file, or without
 * permission to read its module.
 */
export function drawInWorker(order: DrawingOrder): Drawing {
  let worker: Worker;
  try {
    worker = new Worker(new URL("./draw_worker.ts", import.meta.url), { type: "module" });
  } catch {
    return drawHere(order);
  }
  const { port1: port, port2 } = new MessageChannel();
  let here: Drawing | undefined, drawn = 0;
  /** Who waits for a chunk. */
  let asked: ((batches: EpochBatches | Promise<EpochBatches>) => void)[] = [];
  const end = (): void => {
    worker.terminate();
    port.close();
  };
  /** Goes on without the Worker, from the chunk that it still owes. */
  const goOnHere = async (): Promise<EpochBatches> => {
    if (!here) {
      here = drawHere(order);
      for (let chunk = 0; chunk < drawn; chunk++) await here.next();
    }
    return await here.next();
  };
  port.onmessage = ({ data }) => {
    drawn++;
    asked.shift()?.(data);
  };
  worker.addEventListener("error", (event) => {
    event.preventDefault();
    if (!here) end();
    const waiting = asked;
    asked = [];
    for (const give of waiting) give(goOnHere());
  });
  worker.postMessage(order, [port2]);
  return {
    next: () =>
      here ? goOnHere() : new Promise((resolve) => {
        asked.push(resolve);
        port.postMessage("next");
      }),
    [Symbol.dispose]: end,
  };
}
