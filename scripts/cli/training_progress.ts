/**
 * Progress lines of a run: of what is computed before it, and of its epochs.
 *
 * @module
 */
import type { EpochReport } from "../../src/training/train_options.ts";
import { createProgress, type Progress } from "./progress.ts";

/** What takes less need not be told, in milliseconds. */
const WORTH_TELLING = 2000;

/** Tells of what is computed before training, where it takes more than two seconds. */
export function trackPreparation(): (what: string, share: number) => void {
  let current = "";
  let start = 0;
  let progress: Progress | undefined;
  return (what, share) => {
    if (what !== current) {
      current = what;
      start = performance.now();
      progress = undefined;
    }
    if (performance.now() - start < WORTH_TELLING) return;
    progress ??= createProgress({ label: what, total: 100, unit: "%" });
    progress.update(Math.floor(100 * share));
    if (share >= 1) progress.finish();
  };
}

/** Tells of all epochs, with the ETA from those that this run trains. */
export function trackEpochs(
  epochs: number,
  select: string,
): { report(report: EpochReport): void; finish(): void } {
  let progress: Progress | undefined;
  return {
    report({ epoch, loss, seconds, best }) {
      if (epochs === 0) return; // computed, not trained
      // The time until the first report is not that of an epoch alone: it does not count.
      progress ??= createProgress({
        label: "train",
        total: epochs,
        unit: "epochs",
        before: epoch,
      });
      const notes = [`best ${select} ${best.value.toFixed(4)} at epoch ${best.epoch}`];
      if (seconds !== undefined) notes.unshift(`${seconds.toFixed(2)} s/epoch`);
      if (loss !== undefined) notes.unshift(`loss ${loss.toFixed(4)}`);
      progress.update(epoch, notes.join(", "));
    },
    finish: () => progress?.finish(),
  };
}
