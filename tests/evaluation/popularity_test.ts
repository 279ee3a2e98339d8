import { assertEquals } from "@std/assert";
import { buildDataset } from "../../src/data/dataset.ts";
import { popularityMetrics, rankByPopularity } from "../../src/evaluation/popularity.ts";
import { NO_CANDIDATE } from "../../src/ops/ranking/top_k.ts";
import { patternOf } from "../../src/sparse/csr.ts";

Deno.test("popularity ranks by train interactions, ties by id, without seen items", () => {
  const train = patternOf(2, 5, [[0, 1], [1, 0], [1, 1]]);
  const nothing = patternOf(2, 5, []);
  assertEquals([...rankByPopularity(train, nothing, 3)], [1, 0, 2, 1, 0, 2]);
  assertEquals([...rankByPopularity(train, train, 4)], [0, 2, 3, 4, 2, 3, 4, NO_CANDIDATE]);
});

Deno.test("popularity is measured as models are", () => {
  // By train: item 0 has 2 interactions, items 1 and 2 have 1 each, item 3 has none.
  const pairs = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [2, 2, 0], [0, 1, 1], [0, 3, 2], [
    2,
    0,
    2,
  ]] as const;
  const dataset = buildDataset({
    name: "tiny",
    interactions: {
      user: pairs.map(([user]) => user),
      item: pairs.map(([, item]) => item),
      split: pairs.map(([, , split]) => split),
    },
  });
  // valid: user 0 is shown 1 2 3 and looks for 1. test: user 0 is shown 2 3, user 2 is shown 0 1 3.
  assertEquals(popularityMetrics(dataset, "valid", ["mrr@5"]), { "mrr@5": 1 });
  assertEquals(popularityMetrics(dataset, "test", ["mrr@2", "coverage@1", "precision@1"]), {
    "mrr@2": (1 / 2 + 1) / 2,
    "coverage@1": 2 / 4,
    "precision@1": 1 / 2,
  });
  assertEquals(Object.keys(popularityMetrics(dataset, "test")), [
    "recall@10",
    "recall@20",
    "ndcg@10",
    "ndcg@20",
  ]);
});
