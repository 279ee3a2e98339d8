/**
 * Draws batches in a thread of its own: what drawing.ts starts.
 *
 * @module
 */
import { drawEpochs, type EpochBatches } from "./sampler.ts";
import type { DrawingOrder } from "./drawing.ts";

/** Serves one order: a chunk for every message. */
function serve(port: MessagePort, { train, seed, shape, epoch }: DrawingOrder): void {
  const draws = drawEpochs(train, seed, shape, epoch);
  port.onmessage = () => {
    const batches: EpochBatches = draws.next().value;
    const buffers = new Set(
      Object.values(batches).map(({ buffer }: Uint32Array<ArrayBuffer>) => buffer),
    );
    port.postMessage(batches, [...buffers]);
  };
}

addEventListener("message", (event) => {
  if (!(event instanceof MessageEvent)) return;
  const [port] = event.ports;
  if (port) serve(port, event.data);
});
