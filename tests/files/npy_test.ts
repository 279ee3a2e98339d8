import { assertEquals, assertRejects } from "@std/assert";
import { diskFile } from "../../src/files/deno_source.ts";
import { openNpyMatrix } from "../../src/files/npy.ts";
import { InputError } from "../../src/input_error.ts";
import { encodeNpy, type NpyType, withFolder } from "../data/dataset_folder.ts";

// All exact in 16 bits: the largest, the smallest normal and the smallest subnormal among them.
const ROWS = [
  [0, -1.5, 65504],
  [2 ** -14, 2 ** -24, -(2 ** -24)],
  [1023 * 2 ** -24, 0.333251953125, -65504],
  [1, 2, 3],
];

for (const descr of ["<f2", "<f4", "<f8"] as const) {
  for (const fortranOrder of [false, true]) {
    for (const version of [1, 2, 3]) {
      Deno.test(`reads ${descr}, Fortran order ${fortranOrder}, version ${version}`, () =>
        withFolder(
          { "a.npy": encodeNpy(ROWS, { descr, fortranOrder, version }) },
          async (folder) => {
            const matrix = await openNpyMatrix(await diskFile(`${folder}/a.npy`));
            assertEquals([matrix.rows, matrix.width], [4, 3]);
            for (const [from, to] of [[0, 4], [1, 3], [3, 4], [2, 2]] as const) {
              assertEquals(
                await matrix.read(from, to),
                new Float32Array(ROWS.slice(from, to).flat()),
              );
            }
          },
        ));
    }
  }
}

for (const bits of [0x0001, 0x03ff, 0x0400, 0x3c00, 0x7bff, 0x8001]) {
  Deno.test(`decodes the 16-bit float 0x${bits.toString(16)} exactly`, () => {
    const file = encodeNpy([[0]], { descr: "<f2" });
    new DataView(file.buffer).setUint16(file.length - 2, bits, true);
    return withFolder({ "a.npy": file }, async (folder) => {
      const matrix = await openNpyMatrix(await diskFile(`${folder}/a.npy`));
      assertEquals(await matrix.read(0, 1), new Float32Array([halfValue(bits)]));
    });
  });
}

/** IEEE 754-2008, binary16, for finite values. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

for (const fortranOrder of [false, true]) {
  Deno.test(`reads a file of several pieces, Fortran order ${fortranOrder}`, () => {
    const value = (row: number, column: number) => (row * 31 + column) % 8191;
    const rows = Array.from(
      { length: 1300 },
      (_, row) => Array.from({ length: 1000 }, (_, column) => value(row, column)),
    );
    return withFolder({ "a.npy": encodeNpy(rows, { fortranOrder }) }, async (folder) => {
      const matrix = await openNpyMatrix(await diskFile(`${folder}/a.npy`));
      assertEquals(await matrix.read(3, 1298), new Float32Array(rows.slice(3, 1298).flat()));
    });
  });
}

const shaped = (shape: string, descr = "'<f4'") =>
  `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`;

const FAULTS: Record<string, { file: Uint8Array; says: string }> = {
  "an empty file": { file: new Uint8Array(), says: "is not a .npy file" },
  "another magic": { file: new TextEncoder().encode("PK\x03\x04 an archive"), says: "not a .npy" },
  "an unknown version": { file: encodeNpy([[1]], { version: 4 }), says: "version 4 is not" },
  "an end before the header": { file: encodeNpy([[1]]).slice(0, 9), says: "9 of 10 bytes" },
  "an end in the header": { file: encodeNpy([[1]]).slice(0, 30), says: "is cut short: 30 of" },
  "an end in the data": { file: encodeNpy([[1, 2]]).slice(0, -1), says: "is cut short" },
  "a malformed header": { file: encodeNpy([[1]], { header: "{}" }), says: 'malformed: "{}"' },
  "objects": { file: encodeNpy([[1]], { header: shaped("(1, 1)", "'|O'") }), says: '"|O"' },
  "integers": { file: encodeNpy([[1]], { header: shaped("(1, 1)", "'<i8'") }), says: '"<i8"' },
  "big-endian": { file: encodeNpy([[1]], { header: shaped("(1, 1)", "'>f4'") }), says: '">f4"' },
  "records": {
    file: encodeNpy([[1]], { header: shaped("(1, 1)", "[('x', '<f4')]") }),
    says: '"[(x, <f4)]"',
  },
  "one dimension": { file: encodeNpy([[1]], { header: shaped("(1,)") }), says: "shape (1,)" },
  "three dimensions": {
    file: encodeNpy([[1]], { header: shaped("(1, 1, 1)") }),
    says: "shape (1, 1, 1)",
  },
  "no rows": { file: encodeNpy([[1]], { header: shaped("(0, 4)") }), says: "shape (0, 4)" },
};

for (const [name, { file, says }] of Object.entries(FAULTS)) {
  Deno.test(`a .npy file with ${name} is an input error`, () =>
    withFolder({ "bad.npy": file }, async (folder) => {
      const error = await assertRejects(
        async () => await openNpyMatrix(await diskFile(`${folder}/bad.npy`)),
        InputError,
        says,
      );
      assertEquals(error.message.startsWith(`${folder}/bad.npy`), true);
    }));
}

const NOT_FINITE: [value: number, descr: NpyType][] = [
  [NaN, "<f2"],
  [Infinity, "<f4"],
  [-Infinity, "<f8"],
  [1e300, "<f8"], // finite in 64 bits only
];

for (const [value, descr] of NOT_FINITE) {
  for (const fortranOrder of [false, true]) {
    Deno.test(`${value} in ${descr}, Fortran order ${fortranOrder}, is told by its place`, () =>
      withFolder(
        { "bad.npy": encodeNpy([[1, 2, 3], [4, 5, 6], [7, value, 9]], { descr, fortranOrder }) },
        async (folder) => {
          const matrix = await openNpyMatrix(await diskFile(`${folder}/bad.npy`));
          await assertRejects(
            () => matrix.read(1, 3),
            InputError,
            `${folder}/bad.npy row 2, column 1 (counted from 0): ${value} is not a finite`,
          );
        },
      ));
  }
}
