/** A small dataset that a recommender can learn from. */
import { buildDataset, type Dataset } from "../../src/data/dataset.ts";
import { createRandom, shuffle, uniformReal } from "../../src/random.ts";

const USERS = 60, ITEMS = 40;

/** Users and items of four tastes: five interactions within the own taste, three beside it. */
export function madeDataset(seed = 2): Dataset {
  const random = createRandom(seed);
  const user: number[] = [], item: number[] = [], split: number[] = [];
  for (let u = 0; u < USERS; u++) {
    const ids = Uint32Array.from({ length: ITEMS }, (_, i) => i);
    shuffle(random, ids);
    const own = ids.filter((i) => i % 4 === u % 4).slice(0, 5);
    const others = ids.filter((i) => i % 4 !== u % 4).slice(0, 3);
    // Validation and test have one each of the own taste.
    [...own, ...others].forEach((i, place) => {
      user.push(u);
      item.push(i);
      split.push(place === 3 ? 1 : place === 4 ? 2 : 0);
    });
  }
  const features = (width: number) => {
    const values = Float32Array.from(
      { length: ITEMS * width },
      (_, at) => uniformReal(random) + Number(Math.floor(at / width) % 4 === at % width % 4),
    );
    return { values, width };
  };
  return buildDataset({
    name: "made",
    interactions: { user, item, split },
    features: { text: features(12), image: features(10) },
  });
}
