import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeSafetensors, safetensorsParts } from "../../src/files/safetensors.ts";
import { InputError } from "../../src/input_error.ts";
import { encodeSafetensors } from "./safetensors_file.ts";

const tensors = {
  users: { shape: [2, 3], data: new Float32Array([1, -2.5, 3, Infinity, NaN, -0]) },
  "a/b é": { shape: [3], data: new Uint32Array([0, 1, 0xffffffff]) },
  step: { shape: [], data: new Int32Array([-7]) },
  empty: { shape: [0, 4], data: new Float32Array(0) },
};
const metadata = { epoch: "12", note: 'a "quoted" é' };

/** A file put together by hand, as another program would write it. */
function fileOf(header: unknown, dataBytes: number, pad = 0): Uint8Array<ArrayBuffer> {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const encoded = new TextEncoder().encode(text + " ".repeat(pad));
  const bytes = new Uint8Array(8 + encoded.length + dataBytes);
  new DataView(bytes.buffer).setUint32(0, encoded.length, true);
  bytes.set(encoded, 8);
  return bytes;
}

function entry(dtype: string, shape: unknown, begin: number, end: number): unknown {
  return { dtype, shape, data_offsets: [begin, end] };
}

Deno.test("tensors and metadata survive a round trip, in their order", () => {
  const content = decodeSafetensors(encodeSafetensors(tensors, metadata), "x.safetensors");
  assertEquals(content, { tensors, metadata });
  assertEquals(Object.keys(content.tensors), Object.keys(tensors));
});

Deno.test("a file without tensors or metadata is valid", () => {
  assertEquals(decodeSafetensors(encodeSafetensors({}), "x"), { tensors: {}, metadata: {} });
});

Deno.test("the layout is the published one: length, padded header, aligned data", () => {
  const bytes = encodeSafetensors({ w: { shape: [1], data: new Float32Array([1]) } }, { k: "v" });
  const json = '{"__metadata__":{"k":"v"},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
  const headerLength = Math.ceil(json.length / 8) * 8;
  assertEquals([...bytes.slice(0, 8)], [headerLength, 0, 0, 0, 0, 0, 0, 0]);
  assertEquals(new TextDecoder().decode(bytes.slice(8, 8 + headerLength)).trimEnd(), json);
  assertEquals([...bytes.slice(8 + headerLength)], [0, 0, 0x80, 0x3f]);
});

Deno.test("the same input gives the same bytes", () => {
  assertEquals(encodeSafetensors(tensors, metadata), encodeSafetensors(tensors, metadata));
});

Deno.test("numbers are written from where they lie", () => {
  const [, users, ...more] = safetensorsParts(tensors, metadata);
  assertStrictEquals(users!.buffer, tensors.users.data.buffer);
  assertEquals(more.map(({ length }) => length), [12, 4, 0]);
});

Deno.test("part of a larger array is written alone", () => {
  const data = new Float32Array([0, 1, 2, 3]).subarray(1, 3);
  const content = decodeSafetensors(encodeSafetensors({ w: { shape: [2], data } }), "x");
  assertEquals([...content.tensors.w!.data], [1, 2]);
});

Deno.test("aligned tensors are views of the file, others are copied", () => {
  const header = { w: entry("U32", [1], 0, 4) };
  for (let pad = 0; pad < 4; pad++) {
    const file = fileOf(header, 4, pad);
    file.set([1, 2, 0, 0], file.length - 4);
    const { data } = decodeSafetensors(file, "x").tensors.w!;
    assertEquals([...data], [0x201]);
    assertEquals(data.buffer === file.buffer, (file.length - 4) % 4 === 0);
  }
  const own = encodeSafetensors(tensors);
  assertStrictEquals(decodeSafetensors(own, "x").tensors.users!.data.buffer, own.buffer);
});

Deno.test("the header may list tensors in another order than the data", () => {
  const file = fileOf({ b: entry("I32", [1], 4, 8), a: entry("I32", [1], 0, 4) }, 8);
  file[file.length - 4] = 9;
  const content = decodeSafetensors(file, "x");
  assertEquals([...content.tensors.b!.data, ...content.tensors.a!.data], [9, 0]);
});

const whole = encodeSafetensors(tensors, metadata);
const damagedFiles: [string, Uint8Array<ArrayBuffer>, string][] = [
  ["an empty file", new Uint8Array(0), "it has only 0 bytes"],
  ["a cut header", whole.slice(0, 40), "but only 32 follow"],
  ["cut data", whole.slice(0, -1), 'tensor "step" ends at data byte 40 of only 39'],
  ["a huge header length", new Uint8Array(16).fill(0xff), "take 18446744073709551615 bytes"],
  ["no JSON", fileOf("{oops", 0), "its header is not a JSON object"],
  ["no object", fileOf("[1]", 0), "its header is not a JSON object"],
  ["a bare tensor", fileOf({ w: 3 }, 0), 'tensor "w" is not described by an object'],
  ["an unknown dtype", fileOf({ w: entry("F16", [2], 0, 4) }, 4), 'has dtype "F16", not one of'],
  ["an inherited dtype", fileOf({ w: entry("toString", [1], 0, 4) }, 4), 'has dtype "toString"'],
  ["a bad shape", fileOf({ w: entry("F32", [-1], 0, 4) }, 4), "has the shape [-1]"],
  ["no shape", fileOf({ w: { dtype: "F32", data_offsets: [0, 4] } }, 4), "has the shape undefined"],
  ["one offset", fileOf({ w: { dtype: "F32", shape: [1], data_offsets: [0] } }, 4), "offsets [0]"],
  [
    "a size mismatch",
    fileOf({ w: entry("F32", [2], 0, 4) }, 4),
    "has 4 bytes for F32 of shape [2]",
  ],
  ["backward offsets", fileOf({ w: entry("F32", [1], 4, 0) }, 4), "has -4 bytes"],
  ["a gap", fileOf({ w: entry("F32", [1], 4, 8) }, 8), "starts at data byte 4 instead of 0"],
  [
    "an overlap",
    fileOf({ v: entry("F32", [2], 0, 8), w: entry("F32", [1], 4, 8) }, 8),
    'tensor "w" starts at data byte 4 instead of 8',
  ],
  ["bytes left over", fileOf({ w: entry("F32", [1], 0, 4) }, 7), "3 bytes after its last tensor"],
  ["metadata of numbers", fileOf({ __metadata__: { epoch: 3 } }, 0), '"epoch" is 3, not a string'],
  ["metadata as text", fileOf({ __metadata__: "x" }, 0), "__metadata__ is not a JSON object"],
];

for (const [name, bytes, message] of damagedFiles) {
  Deno.test(`reading refuses ${name}`, () => {
    const error = assertThrows(
      () => decodeSafetensors(bytes, "w.safetensors"),
      InputError,
      message,
    );
    assertEquals(error.message.startsWith("Cannot read w.safetensors as safetensors: "), true);
  });
}

Deno.test("every truncation of a file is refused", () => {
  for (let length = 0; length < whole.length; length++) {
    assertThrows(() => decodeSafetensors(whole.slice(0, length), "x"), InputError);
  }
});

Deno.test("writing refuses data that does not fill its shape, and the reserved name", () => {
  const data = new Float32Array(3);
  assertThrows(() => encodeSafetensors({ w: { shape: [2, 2], data } }), RangeError, "3 values");
  assertThrows(() => encodeSafetensors({ __metadata__: { shape: [3], data } }), RangeError);
});
