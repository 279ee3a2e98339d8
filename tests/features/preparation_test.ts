import { assertEquals, assertRejects } from "@std/assert";
import { type FeatureMatrix, featuresOf } from "../../src/data/features.ts";
import { nearestItems } from "../../src/features/nearest.ts";
import { computeOnce } from "../../src/features/preparation.ts";
import { whiten } from "../../src/features/whitening.ts";
import type { StoredTensor } from "../../src/files/safetensors.ts";
import { openDevice } from "../../src/gpu/device.ts";

const gpu = { adapterName: "an adapter" };
const settings = { kind: "test", k: 1 };
const some = () => featuresOf(new Float32Array([1, 2, 3, 4]), 2, "toy");

/** A computation that counts its calls, in its result, too. */
function counted() {
  let calls = 0;
  const compute = (): Promise<Record<string, StoredTensor>> =>
    Promise.resolve({ a: { shape: [2], data: Float32Array.of(++calls, 0) } });
  return { compute, calls: () => calls };
}

Deno.test("the same features, settings and adapter are computed once", async () => {
  const { compute, calls } = counted();
  const features = some();
  const once = (given: FeatureMatrix, changed = {}, adapter = gpu) =>
    computeOnce(adapter, given, undefined, { ...settings, ...changed }, compute);
  const [first, second] = await Promise.all([once(features), once(features)]);
  assertEquals([first, second, calls()], [first, first, 1]);
  first.a!.data.fill(7);
  assertEquals((await once(features)).a!.data, Float32Array.of(1, 0));
  await once(features, { k: 2 });
  await once(features, {}, { adapterName: "another" });
  await once(some());
  assertEquals(calls(), 4, "other settings, adapters and features are others");
  await once(features, { k: 2 });
  assertEquals(calls(), 4);
});

Deno.test("a computation that fails is tried again", async () => {
  const { compute, calls } = counted();
  const features = some();
  const fail = () => Promise.reject(new Error("no luck"));
  const failing = () => computeOnce(gpu, features, undefined, settings, fail);
  await assertRejects(failing, Error, "no luck");
  await computeOnce(gpu, features, undefined, settings, compute);
  assertEquals([calls(), (await failing()).a!.data[0]], [1, 1]);
});

Deno.test("a folder keeps what was computed for later runs, by content", async () => {
  const { compute, calls } = counted();
  const folder = await Deno.makeTempDir();
  try {
    const once = (features: FeatureMatrix) => computeOnce(gpu, features, folder, settings, compute);
    const features = some();
    const first = await once(features);
    const [file] = [...Deno.readDirSync(folder)];
    await Deno.writeTextFile(`${folder}/${file!.name}`, "spoilt");
    assertEquals(await once(features), first, "in memory");
    assertEquals(calls(), 1);
    const anew = await once(some());
    assertEquals([calls(), anew.a!.data[0]], [2, 2], "no longer on disk");
    assertEquals(await once(some()), anew, "on disk again");
    assertEquals(calls(), 2);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a loop over models reads features once", async () => {
  using opened = await openDevice();
  const values = Float32Array.from({ length: 30 * 6 }, (_, i) => Math.sin(i * i));
  const whole = featuresOf(values, 6, "toy");
  let reads = 0;
  const features: FeatureMatrix = {
    ...whole,
    read: (from, to) => (reads++, whole.read(from, to)),
  };
  const prepare = async () => [
    await whiten(opened, features, 4),
    (await nearestItems(opened, features, 3)).ids,
  ];
  const first = await prepare();
  const ofFirst = reads;
  assertEquals(await prepare(), first);
  assertEquals(reads, ofFirst);
});
