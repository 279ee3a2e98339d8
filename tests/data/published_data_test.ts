import { assert, assertEquals } from "@std/assert";
import { loadDataset } from "../../src/data/load_dataset.ts";
import { datasetStatistics } from "../../src/data/statistics.ts";
import { testOnRealData } from "../real_data.ts";

const PUBLISHED = {
  baby: { users: 19445, items: 7050, train: 118551, valid: 20559, test: 21682 },
  sports: { users: 35598, items: 18357, train: 218409, valid: 37899, test: 40029 },
};

for (const [name, counts] of Object.entries(PUBLISHED)) {
  testOnRealData(name, `loads ${name} as published`, async (folder) => {
    const dataset = await loadDataset(folder);
    const { interactions, sparsity, ...sizes } = datasetStatistics(dataset);
    assertEquals(sizes, counts);
    assertEquals(interactions, counts.train + counts.valid + counts.test);
    assertEquals(sparsity, 1 - interactions / (counts.users * counts.items));
    assertEquals(dataset.modalities.map((modality) => modality.name), ["text", "image"]);
    for (const { features, neighbours } of dataset.modalities) {
      assertEquals([features?.rows, features?.width], [counts.items, 128]);
      assertEquals(neighbours?.limit, 9);
      assert(neighbours?.nearest(5).every((id) => id < counts.items));
    }
  });

  testOnRealData(name, `reads the features of ${name}, in Fortran order`, async (folder) => {
    const dataset = await loadDataset(folder);
    for (const { features } of dataset.modalities) {
      if (!features) throw new Error(`${name} has a modality without features`);
      const bytes = await Deno.readFile(features.source);
      const view = new DataView(bytes.buffer);
      const dataStart = 10 + view.getUint16(8, true);
      const [from, to] = [1000, 1004];
      const expected = Array.from({ length: (to - from) * 128 }, (_, index) => {
        const row = from + Math.floor(index / 128);
        const column = index % 128;
        return view.getFloat32(dataStart + 4 * (column * counts.items + row), true);
      });
      assertEquals(await features.read(from, to), new Float32Array(expected));
    }
  });
}
