/**
 * The safetensors format: a little-endian 64-bit header length, a JSON header naming each tensor's
 * dtype, shape and byte range, then the numbers themselves. Any safetensors reader opens the files
 * written here; of the format's dtypes the 32-bit ones (F32, I32, U32) are read and written.
 *
 * @module
 */

import { InputError } from "../input_error.ts";

/** A tensor as it lies in a file: row-major numbers and their shape. */
export interface StoredTensor {
  /** Length of each dimension, outermost first; `[]` is a single number. */
  readonly shape: readonly number[];
  /** As many numbers as the product of `shape`. */
  readonly data: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;
}

/** What a safetensors file holds. */
export interface SafetensorsContent {
  /** The tensors by name, in the header's order. */
  readonly tensors: Record<string, StoredTensor>;
  /** The header's free text, `{}` where it has none. */
  readonly metadata: Record<string, string>;
}

/** One tensor's line in the header; byte offsets count from the end of the header. */
interface HeaderEntry {
  name: string;
  dtype: Dtype;
  shape: number[];
  begin: number;
  end: number;
}

type Dtype = DescribedTensor["dtype"];

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;
const VALUE_BYTES = 4;
/** The data starts at a multiple of this, so that it can be viewed in place. */
const ALIGNMENT = 8;

const viewOf = {
  F32: (buffer: ArrayBuffer, offset: number, count: number) =>
    new Float32Array(buffer, offset, count),
  I32: (buffer: ArrayBuffer, offset: number, count: number) =>
    new Int32Array(buffer, offset, count),
  U32: (buffer: ArrayBuffer, offset: number, count: number) =>
    new Uint32Array(buffer, offset, count),
};

/**
 * The bytes of a safetensors file of `tensors`, in their order, in parts: the head, then each tensor's
 * numbers where they lie, not copied. The same input gives the same bytes.
 *
 * @throws {RangeError} when a tensor's data does not fill its shape, or its name is reserved.
 */
export function safetensorsParts(
  tensors: Record<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer>[] {
  const described: Record<string, DescribedTensor> = {};
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (product(shape) !== data.length) {
      throw new RangeError(`Tensor "${name}" has ${data.length} values for shape [${shape}]`);
    }
    described[name] = { dtype: dtypeOf(data), shape };
  }
  const numbers = Object.values(tensors).map(({ data }) =>
    new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  );
  return [safetensorsHead(described, metadata), ...numbers];
}

/** What a file's head says of a tensor. */
export interface DescribedTensor {
  /** Type of its numbers. */
  readonly dtype: "F32" | "I32" | "U32";
  /** Length of each dimension. */
  readonly shape: readonly number[];
}

/**
 * The bytes with which a safetensors file begins. The tensors' numbers follow in the same order, little-endian as
 * every platform is that Deno runs on. The same input gives the same bytes.
 *
 * @throws {RangeError} when a tensor's name is reserved.
 */
export function safetensorsHead(
  tensors: Readonly<Record<string, DescribedTensor>>,
  metadata: Record<string, string> = {},
): Uint8Array<ArrayBuffer> {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push([METADATA, metadata]);
  let begin = 0;
  for (const [name, { dtype, shape }] of Object.entries(tensors)) {
    if (name === METADATA) throw new RangeError(`A tensor cannot be named ${METADATA}`);
    const end = begin + VALUE_BYTES * product(shape);
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }]);
    begin = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const length = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, LENGTH_BYTES);
  return head;
}

/**
 * Reads a safetensors file. The tensors are views of `bytes`, not copies, wherever the file aligns
 * them, as files written here do.
 *
 * @param source The file's name, for error messages.
 * @throws {InputError} when the file is truncated or breaks the format in any way, or holds a dtype
 * other than F32, I32 and U32.
 */
export function decodeSafetensors(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): SafetensorsContent {
  const { header, dataStart } = readHeader(bytes, source);
  const { [METADATA]: metadata = {}, ...described } = header;
  const entries = Object.entries(described).map(([name, value]) => readEntry(name, value, source));
  checkLayout(entries, bytes.length - dataStart, source);
  return {
    tensors: Object.fromEntries(
      entries.map((entry) => [entry.name, readTensor(bytes, dataStart, entry)]),
    ),
    metadata: readMetadata(metadata, source),
  };
}

function readHeader(
  bytes: Uint8Array<ArrayBuffer>,
  source: string,
): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES) {
    throw damaged(source, `it has only ${bytes.length} bytes, fewer than the header length takes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  const rest = bytes.length - LENGTH_BYTES;
  if (headerLength > rest) {
    throw damaged(source, `its header should take ${headerLength} bytes but only ${rest} follow`);
  }
  const dataStart = LENGTH_BYTES + Number(headerLength);
  const header = parseJson(bytes.subarray(LENGTH_BYTES, dataStart));
  if (!isRecord(header)) throw damaged(source, "its header is not a JSON object");
  return { header, dataStart };
}

/** The JSON value, or undefined where there is none. */
function parseJson(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function readMetadata(metadata: unknown, source: string): Record<string, string> {
  if (!isRecord(metadata)) throw damaged(source, `its ${METADATA} is not a JSON object`);
  const entries = Object.entries(metadata).map(([name, value]): [string, string] => {
    if (typeof value === "string") return [name, value];
    throw damaged(source, `its metadata "${name}" is ${JSON.stringify(value)}, not a string`);
  });
  return Object.fromEntries(entries);
}

function readEntry(name: string, value: unknown, source: string): HeaderEntry {
  if (!isRecord(value)) throw damaged(source, `tensor "${name}" is not described by an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    const known = Object.keys(viewOf).join(", ");
    throw damaged(
      source,
      `tensor "${name}" has dtype ${JSON.stringify(dtype)}, not one of ${known}`,
    );
  }
  if (!isSizes(shape)) {
    throw damaged(source, `tensor "${name}" has the shape ${JSON.stringify(shape)}`);
  }
  const [begin, end, ...more] = isSizes(offsets) ? offsets : [];
  if (begin === undefined || end === undefined || more.length > 0) {
    throw damaged(source, `tensor "${name}" has the data offsets ${JSON.stringify(offsets)}`);
  }
  if (end - begin !== product(shape) * VALUE_BYTES) {
    const size = `${end - begin} bytes for ${dtype} of shape [${shape}]`;
    throw damaged(source, `tensor "${name}" has ${size}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Together the tensors must cover the data exactly, without gap or overlap. */
function checkLayout(entries: HeaderEntry[], dataBytes: number, source: string): void {
  let covered = 0;
  for (
    const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)
  ) {
    if (begin !== covered) {
      throw damaged(source, `tensor "${name}" starts at data byte ${begin} instead of ${covered}`);
    }
    if (end > dataBytes) {
      throw damaged(source, `tensor "${name}" ends at data byte ${end} of only ${dataBytes}`);
    }
    covered = end;
  }
  if (covered !== dataBytes) {
    throw damaged(source, `${dataBytes - covered} bytes after its last tensor belong to none`);
  }
}

function readTensor(
  bytes: Uint8Array<ArrayBuffer>,
  dataStart: number,
  { dtype, shape, begin, end }: HeaderEntry,
): StoredTensor {
  const own = bytes.subarray(dataStart + begin, dataStart + end);
  const aligned = own.byteOffset % VALUE_BYTES === 0 ? own : own.slice();
  const count = (end - begin) / VALUE_BYTES;
  return { shape, data: viewOf[dtype](aligned.buffer, aligned.byteOffset, count) };
}

function damaged(source: string, reason: string): InputError {
  return new InputError(`Cannot read ${source} as safetensors: ${reason}.`);
}

function dtypeOf(data: StoredTensor["data"]): Dtype {
  if (data instanceof Float32Array) return "F32";
  return data instanceof Int32Array ? "I32" : "U32";
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === "string" && Object.hasOwn(viewOf, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function product(shape: readonly number[]): number {
  return shape.reduce((count, length) => count * length, 1);
}
