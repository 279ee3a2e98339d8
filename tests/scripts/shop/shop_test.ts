import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import {
  neighbourLift,
  sharedUsers,
  sparseNeighbours,
} from "../../../scripts/shop/neighbour_lift.ts";
import { diskFile } from "../../../src/files/deno_source.ts";
import { openNpyMatrix } from "../../../src/files/npy.ts";
import { simulatePurchases } from "../../../scripts/shop/behaviour.ts";
import { makeCatalogue } from "../../../scripts/shop/catalogue.ts";
import { createDraws } from "../../../scripts/shop/draws.ts";
import { keepCore, splitPerUser } from "../../../scripts/shop/interactions.ts";
import {
  DEFAULT_SHOP,
  makeShop,
  shopFiles,
  type ShopOptions,
  shopTexts,
  TEXT_FEATURE_WIDTH,
} from "../../../scripts/shop/shop.ts";
import { SILHOUETTES } from "../../../scripts/shop/silhouettes.ts";
import { CATEGORIES } from "../../../scripts/shop/vocabulary.ts";
import { encodeNpy } from "../../../scripts/encode/write_npy.ts";
import { textFeatures } from "../../../scripts/encode/text.ts";
import { openDevice } from "../../../src/gpu/device.ts";
import { InputError } from "../../../src/input_error.ts";
import { fileURLToPath } from "node:url";

const SMALL: ShopOptions = {
  ...DEFAULT_SHOP,
  userCount: 500,
  itemCount: 400,
  interactionCount: 5000,
};
const ROOT = new URL("../../..", import.meta.url);

Deno.test("createDraws: a stream is fixed by seed and name, and its draws are as they say", () => {
  const first = (seed: number) => createDraws(seed, "item").uniform();
  assertEquals(first(1), first(1));
  assertNotEquals(first(1), first(2));
  assertNotEquals(first(1), createDraws(1, "customer").uniform());

  const draws = createDraws(3, "item");
  const normals = Array.from({ length: 20000 }, draws.normal);
  const mean = normals.reduce((sum, each) => sum + each) / normals.length;
  const square = normals.reduce((sum, each) => sum + each ** 2, 0) / normals.length;
  assertAlmostEquals(mean, 0, 0.03);
  assertAlmostEquals(square, 1, 0.05);
  assertEquals(draws.shuffled([5, 1, 3]).sort(), [1, 3, 5]);
});

Deno.test("keepCore drops users and items until all have enough, and numbers the rest anew", () => {
  // Item 7 has one buyer; without it user 2 has too few, and then item 9 as well.
  const { baskets, keptItems } = keepCore([[4, 2], [2, 4], [9, 7], [9, 2, 4]], 2);
  assertEquals(keptItems, [2, 4]);
  assertEquals(baskets, [[1, 0], [0, 1], [0, 1]]);
  assertEquals(keepCore([[1], [2]], 2), { baskets: [], keptItems: [] });
});

Deno.test("splitPerUser gives each user as many of a split as Amazon Baby's files do", () => {
  const cases: [count: number, valid: number, test: number][] = [
    [5, 1, 1],
    [9, 1, 1],
    [14, 1, 1],
    [15, 1, 2],
    [20, 2, 2],
    [25, 2, 3],
    [47, 4, 5],
  ];
  for (const [count, valid, test] of cases) {
    const rows = splitPerUser([Array.from({ length: count }, (_, item) => item)], 1);
    const of = (split: string) => rows.filter((row) => row.split === split).length;
    assertEquals([of("valid"), of("test")], [valid, test], `${count} interactions`);
    assertEquals(rows.map(({ item }) => item), rows.map((_, index) => index));
  }
});

Deno.test("every category has a silhouette", () => {
  assertEquals(CATEGORIES.map(({ name }) => name).sort(), Object.keys(SILHOUETTES).sort());
});

Deno.test("makeShop: the same options give the same bytes, another seed others", () => {
  const files = shopFiles(makeShop(SMALL));
  assertEquals(files, shopFiles(makeShop(SMALL)));
  assertNotEquals(
    files.get("items.csv"),
    shopFiles(makeShop({ ...SMALL, seed: 2 })).get("items.csv"),
  );
});

Deno.test("makeShop: a 5-core dataset with dense ids and every split for every user", () => {
  const { interactions, catalogue } = makeShop(SMALL);
  const pairs = new Set(interactions.map(({ user, item }) => `${user} ${item}`));
  assertEquals(pairs.size, interactions.length);
  const perUser = Map.groupBy(interactions, ({ user }) => user);
  const perItem = Map.groupBy(interactions, ({ item }) => item);
  assertEquals(perItem.size, catalogue.products.length);
  assertEquals([...perUser.keys()], [...perUser.keys()].map((_, index) => index));
  for (const rows of perItem.values()) assert(rows.length >= 5);
  for (const rows of perUser.values()) {
    assert(rows.length >= 5);
    assertEquals(new Set(rows.map(({ split }) => split)).size, 3);
  }
});

Deno.test("the modality weight decides how alike in text a customer's purchases are", () => {
  const sameCategory = (modalityWeight: number) => {
    const options = { ...SMALL, modalityWeight };
    const catalogue = makeCatalogue(options.itemCount, options.seed);
    let same = 0;
    let pairs = 0;
    for (const basket of simulatePurchases(catalogue, options)) {
      const categories = basket.map((item) => catalogue.products[item]!.category);
      for (const [index, category] of categories.entries()) {
        for (const other of categories.slice(0, index)) {
          same += Number(category === other);
          pairs++;
        }
      }
    }
    return same / pairs;
  };
  const [none, half, all] = [0, 0.5, 1].map(sameCategory);
  assert(none! < 0.1, `${none}`);
  assert(none! < half! && half! < all!, `${none} ${half} ${all}`);
});

Deno.test("makeShop: options out of range are input errors", () => {
  const cases: [Partial<ShopOptions>, string][] = [
    [{ modalityWeight: 1.5 }, "The modality weight must be from 0 to 1, not 1.5."],
    [{ modalityWeight: NaN }, "The modality weight must be from 0 to 1, not NaN."],
    [{ userCount: 2.5 }, "users must be a whole number from 0, not 2.5."],
    [{ seed: -1 }, "seed must be a whole number from 0, not -1."],
    [
      { interactionCount: 2499 },
      "interactions must be at least 5 per user, 2500 in all, not 2499.",
    ],
    [{ itemCount: 100 }, "fewer than the 128 that the text features need"],
    [{ userCount: 0 }, "The 5-core filter leaves 0 of 400 items"],
  ];
  for (const [change, message] of cases) {
    assertThrows(() => makeShop({ ...SMALL, ...change }), InputError, message);
  }
});

Deno.test("data/shop is what the generator makes by default", async () => {
  const shop = makeShop(DEFAULT_SHOP);
  for (const [name, bytes] of shopFiles(shop)) {
    const kept = await Deno.readFile(new URL(`data/shop/${name}`, ROOT));
    assert(bytes.length === kept.length && bytes.every((byte, at) => byte === kept[at]), name);
  }
  // Text features come from the GPU, whose rounding differs between adapters: what they say of
  // pairs of products does not.
  using gpu = await openDevice();
  const texts = shopTexts(shop);
  const made = await textFeatures(gpu, texts, TEXT_FEATURE_WIDTH);
  const kept = await openNpyMatrix(
    await diskFile(fileURLToPath(new URL("data/shop/text_feat.npy", ROOT))),
  );
  const values = await kept.read(0, kept.rows);
  assertEquals([kept.rows, kept.width], [texts.length, TEXT_FEATURE_WIDTH]);
  const product = (features: Float32Array, a: number, b: number) => {
    let sum = 0;
    for (let j = 0; j < TEXT_FEATURE_WIDTH; j++) {
      sum += features[a * TEXT_FEATURE_WIDTH + j]! * features[b * TEXT_FEATURE_WIDTH + j]!;
    }
    return sum;
  };
  for (let a = 0; a < texts.length; a += 7) {
    for (let b = a; b < texts.length; b += 5) {
      assertAlmostEquals(product(made, a, b), product(values, a, b), 0.02);
    }
  }
});

Deno.test("encodeNpy writes what openNpyMatrix reads", async () => {
  const path = await Deno.makeTempFile({ suffix: ".npy" });
  const values = Float32Array.of(1, -2, 3.5, 0, 5, 1e-7);
  await Deno.writeFile(path, encodeNpy(values, 2));
  const matrix = await openNpyMatrix(await diskFile(path));
  assertEquals([matrix.rows, matrix.width], [3, 2]);
  assertEquals(await matrix.read(0, 3), values);
  await Deno.remove(path);
});

Deno.test("neighbourLift counts pairs that share a user", () => {
  const together = sharedUsers([[0, 1], [1, 2]], 4);
  // 2 of 3 neighbour pairs share a user; of 12 ordered pairs 4 do.
  assertEquals(neighbourLift([[1, 3], [], [1], []], together), {
    neighbours: 2 / 3,
    randomPairs: 4 / 12,
    lift: 2 / 3 / (4 / 12),
  });
});

Deno.test("sparseNeighbours: best first, ties by index, none without a shared column", () => {
  const matrix = {
    rowCount: 5,
    columnCount: 3,
    rowStart: Uint32Array.of(0, 2, 3, 4, 5, 6),
    column: Uint32Array.of(0, 1, 1, 0, 1, 2),
    value: Float32Array.of(0.5, 0.25, 1, 1, 1, 1),
  };
  assertEquals(sparseNeighbours(matrix, 2), [[2, 1], [3, 0], [0], [1, 0], []]);
});

Deno.test("scripts/encode.ts makes the shop's features again, and tells what is wrong", async () => {
  const out = await Deno.makeTempDir();
  const shop = ["--items", "data/shop/items.csv", "--out", out];
  const done = await runScript("encode.ts", [
    ...shop,
    ...["--text", "title,category,brand", "--images", "data/shop/thumbnails.png"],
  ]);
  assertEquals(done.code, 0, done.errors);
  const [text, image] = ["text_feat.npy", "image_feat.npy"].map((name) => ({
    made: Deno.readFileSync(`${out}/${name}`),
    kept: Deno.readFileSync(new URL(`data/shop/${name}`, ROOT)),
  }));
  assertEquals(image!.made, image!.kept);
  assertEquals(text!.made.length, text!.kept.length); // another adapter rounds otherwise
  const faults: [string[], string][] = [
    [["--text", "title,maker"], 'items.csv line 1: no column "maker"'],
    [["--text", "title", "--dims", "5000"], "5000 dimensions are asked of a matrix"],
    [["--images", "data/shop/items.csv"], "items.csv is neither a PNG nor a JPEG picture."],
    [["--images", "tests/data"], "tests/data has no picture of item 0: 0.png or 0.jpg."],
    [["--images", "nowhere"], "Cannot read nowhere"],
    [[], "--text or --images is needed"],
  ];
  for (const [args, message] of faults) {
    const { code, errors } = await runScript("encode.ts", [...shop, ...args]);
    assertEquals(code, 2, errors);
    assert(errors.includes(message), errors);
  }
  await Deno.remove(out, { recursive: true });
});

Deno.test("scripts/make_shop.ts tells what is wrong and writes nothing", async () => {
  const out = `${await Deno.makeTempDir()}/shop`;
  const faults: [string[], string][] = [
    [["--out", out, "--modality-weight", "2"], "The modality weight must be from 0 to 1, not 2."],
    [["--out", out, "--seed", "one"], '--seed is "one", but must be a number.'],
    [["--out", out, "--sed", "1"], "Unknown argument --sed"],
  ];
  for (const [args, message] of faults) {
    const { code, errors } = await runScript("make_shop.ts", args);
    assertEquals(code, 2, errors);
    assert(errors.includes(message), errors);
  }
  await Deno.remove(out.replace(/shop$/, ""));
});

Deno.test("scripts/neighbour_lift.ts finds that similar titles share buyers", async () => {
  const args = ["--items", "data/shop/items.csv", "--column", "title"];
  const { code, printed } = await runScript("neighbour_lift.ts", [
    ...args,
    ...["--interactions", "data/shop/interactions.csv"],
  ]);
  assertEquals(code, 0);
  assert(Number(/lift ([\d.]+)/.exec(printed)?.[1]) > 1.5, printed);
});

async function runScript(
  name: string,
  args: string[],
): Promise<{ code: number; printed: string; errors: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", `scripts/${name}`, ...args],
    cwd: ROOT,
  }).output();
  const text = new TextDecoder();
  return { code, printed: text.decode(stdout), errors: text.decode(stderr) };
}
