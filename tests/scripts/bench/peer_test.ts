import { assertEquals, assertThrows } from "@std/assert";
import { peerArguments } from "../../../scripts/bench/peer.ts";
import type { Workload } from "../../../scripts/bench/workload.ts";
import { generateDataset } from "../../../scripts/bench/generated_graph.ts";
import { InputError } from "../../../src/input_error.ts";
import { stairSettings } from "../../../scripts/bench/workload.ts";

/** A generated dataset that names files as if it came from a folder. */
function workload(folder: string | undefined): Workload {
  const degrees = { users: Uint32Array.of(2, 1), items: Uint32Array.of(1, 1, 1) };
  const { modalities, ...dataset } = generateDataset("sports", degrees, 1);
  const named = modalities.map(({ name, features, neighbours }) => ({
    name,
    features: { ...features!, source: `/data/${name}_feat.npy` },
    neighbours: { ...neighbours!, source: `/data/${name}_knn.tsv` },
  }));
  const settings = stairSettings("sports");
  return { dataset: { ...dataset, folder, modalities: named }, ...settings, onProgress: () => {} };
}

Deno.test("a peer is told the same folder, files and settings as ours", () => {
  assertEquals(peerArguments(workload("/data")), [
    "/data",
    "--features=text_feat,image_feat",
    "--neighbours=text_knn.tsv,image_knn.tsv",
    "--k=5,1",
    "--gamma=0.2",
    "--d=64",
    "--L=3",
    "--lr=0.001",
    "--wd=0.1",
    "--batch=1024",
    "--seed=1",
    "--epochs=1000000",
    "--every=1000000",
  ]);
});

Deno.test("a dataset without a folder cannot be handed to a peer", () => {
  assertThrows(() => peerArguments(workload(undefined)), InputError, "sports has 2");
});
