/**
 * Compute shaders: a .wgsl file compiled for one set of `override` constants.
 *
 * The file itself is the only description of a kernel. Its bindings, its `Params` struct and its
 * workgroup size are read off the source, so that the code that dispatches it names them, and a
 * name that is wrong or missing is caught before the GPU sees it.
 *
 * @module
 */
import { type GpuDevice, GpuError, type TexelFormat } from "./device.ts";
import preludeCode from "../../kernels/prelude.wgsl" with { type: "text" };

/** A WGSL source file. */
export interface ShaderFile {
  /** Its path under kernels/, without `.wgsl`. */
  readonly name: string;
  /** The WGSL text. */
  readonly code: string;
}

/** A kernel's file. */
export interface KernelSource extends ShaderFile {
  /** The files that declare the functions which the kernel calls and leaves open. */
  readonly parts?: readonly ShaderFile[];
}

/** A buffer or texture as the source declares it. */
export interface Binding {
  /** The number in `@group(…)`: 0, or 1 for the prelude's records, which change from step to step. */
  readonly group: number;
  /** The number in `@binding(…)`. */
  readonly index: number;
  /** Name of the variable in the shader. */
  readonly name: string;
  /** What it is to a layout. */
  readonly kind: "storage" | "read-only-storage" | "uniform" | TexelFormat;
}

/** A 32-bit member of the kernel's `Params` struct. */
export interface Field {
  /** Name of the member. */
  readonly name: string;
  /** WGSL type of the member: `u32` or `f32`. */
  readonly type: string;
}

/** A compiled kernel. */
export interface Kernel {
  /** What it is called in messages and tables: as its file, with parts `each_vector: store`. */
  readonly name: string;
  /** Its file and its parts', by their paths under kernels/, without `.wgsl`. */
  readonly files: readonly string[];
  /** The compiled pipeline. */
  readonly pipeline: GPUComputePipeline;
  /** The layout of its groups, by their numbers. */
  readonly layouts: readonly GPUBindGroupLayout[];
  /** The buffers, textures and parameters it binds, in the order of the source. */
  readonly bindings: readonly Binding[];
  /** The numbers of its bindings in group 1, those of the prelude's records, in the same order. */
  readonly records: readonly number[];
  /** Members of `struct Params`, in order; none when the kernel has no uniform. */
  readonly fields: readonly Field[];
  /** Invocations per workgroup. */
  readonly workgroupSize: number;
}

/**
 * How often the loops of one invocation may go round, all of them together: Mesa's software driver
 * silently ends them after so many (LP_MAX_TGSI_LOOP_ITERATIONS). The last, failing test counts too.
 */
export const LOOP_ROUNDS = 65_535;

const compiled = new WeakMap<GpuDevice, Map<string, Kernel>>();

/**
 * Compiles `source` with the given `override` constants, once per device and set of constants.
 * A compile error fails the next await with file, line, column and the line itself.
 */
export function getKernel(
  gpu: GpuDevice,
  source: KernelSource,
  constants: Readonly<Record<string, number>> = {},
): Kernel {
  const key = fullName(source) + JSON.stringify(constants);
  let kernels = compiled.get(gpu);
  if (!kernels) compiled.set(gpu, kernels = new Map());
  let kernel = kernels.get(key);
  if (!kernel) kernels.set(key, kernel = compile(gpu, source, constants));
  return kernel;
}

/** All kernels compiled for a device so far. */
export function compiledKernels(gpu: GpuDevice): readonly Kernel[] {
  return [...compiled.get(gpu)?.values() ?? []];
}

/** How many storage buffers a kernel binds; WebGPU guarantees eight. */
export function storageBuffers({ bindings }: Kernel): number {
  return bindings.filter(({ kind }) => kind.endsWith("storage")).length;
}

function fullName({ name, parts = [] }: KernelSource): string {
  const names = parts.map((part) => part.name.slice(part.name.lastIndexOf("/") + 1));
  return parts.length === 0 ? name : `${name}: ${names.join(", ")}`;
}

function compile(
  gpu: GpuDevice,
  source: KernelSource,
  constants: Readonly<Record<string, number>>,
): Kernel {
  const name = fullName(source);
  const own = [source, ...source.parts ?? []];
  const files = [PRELUDE, ...own];
  const code = files.map((file) => file.code).join("\n");
  const bindings = parseBindings(own);
  let module: GPUShaderModule;
  const { pipeline, layouts } = gpu.check(`kernel ${name}`, () => {
    module = gpu.device.createShaderModule({ label: name, code });
    const layouts = bindGroupLayouts(gpu, name, bindings);
    const layout = gpu.device.createPipelineLayout({ label: name, bindGroupLayouts: layouts });
    const compute = { module, entryPoint: "main", constants };
    return {
      pipeline: gpu.device.createComputePipeline({ label: name, layout, compute }),
      layouts,
    };
  }, async () => {
    const { messages } = await module.getCompilationInfo();
    const error = messages.find(({ type }) => type === "error");
    return error && compileError(files, error);
  });
  const size = constants.workgroup_size ?? /override workgroup_size: u32 = (\d+)/.exec(code)?.[1];
  return {
    name,
    files: own.map((file) => file.name),
    pipeline,
    layouts,
    bindings,
    records: bindings.filter(({ group }) => group === 1).map(({ index }) => index),
    fields: parseFields(code),
    workgroupSize: Number(size ?? 1),
  };
}

/** What all kernels share. */
const PRELUDE: ShaderFile = { name: "prelude", code: preludeCode };

function compileError(
  files: readonly ShaderFile[],
  { lineNum, linePos, message }: GPUCompilationMessage,
): string {
  let number = lineNum, at = 0;
  for (; at < files.length - 1; at++) {
    const count = files[at]!.code.split("\n").length;
    if (number <= count) break;
    number -= count;
  }
  const { name, code } = files[at]!;
  const line = code.split("\n")[number - 1] ?? "";
  const [summary = ""] = message.trim().split("\n");
  const caret = " ".repeat(Math.max(0, linePos - 1)) + "^";
  return `kernels/${name}.wgsl:${number}:${linePos}: ${summary}\n${line}\n${caret}`;
}

/** A kernel's bindings and, of the prelude's, which are declared for all kernels, those that it uses. */
function parseBindings(own: readonly ShaderFile[]): Binding[] {
  const prelude = withoutComments(PRELUDE.code);
  const code = own.map((file) => withoutComments(file.code)).join("\n");
  const shared = declaredBindings(prelude).filter(({ name }) => mentions(code, name));
  return [...declaredBindings(code), ...shared];
}

function declaredBindings(code: string): Binding[] {
  const declaration =
    /@group\((\d)\)\s*@binding\((\d+)\)\s*var(?:<([^>]+)>)?\s*(\w+)\s*:\s*([^;]+);/g;
  return Array.from(
    code.matchAll(declaration),
    ([, group, index, space = "", name = "", type = ""]) => ({
      group: Number(group),
      index: Number(index),
      name,
      kind: bindingKind(space, type),
    }),
  );
}

function bindingKind(space: string, type: string): Binding["kind"] {
  if (space.includes("read_write")) return "storage";
  if (space.includes("storage")) return "read-only-storage";
  if (space.includes("uniform")) return "uniform";
  return type.includes("rgba32uint") ? "rgba32uint" : "rgba32float";
}

/** The layouts of groups 0 and, for a kernel that asks for records, 1. */
function bindGroupLayouts(
  { device }: GpuDevice,
  label: string,
  bindings: readonly Binding[],
): GPUBindGroupLayout[] {
  const groups = 1 + Math.max(0, ...bindings.map(({ group }) => group));
  return Array.from({ length: groups }, (_, number) => {
    const own = bindings.filter(({ group }) => group === number);
    return device.createBindGroupLayout({ label, entries: own.map(layoutEntry) });
  });
}

function layoutEntry({ group, index: binding, kind }: Binding): GPUBindGroupLayoutEntry {
  const visibility = GPUShaderStage.COMPUTE;
  if (kind === "rgba32float" || kind === "rgba32uint") {
    return { binding, visibility, storageTexture: { access: "read-only", format: kind } };
  }
  return { binding, visibility, buffer: { type: kind, hasDynamicOffset: group === 1 } };
}

function mentions(code: string, name: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(code);
}

function withoutComments(code: string): string {
  return code.replace(/\/\/.*$/gm, "");
}

function parseFields(code: string): Field[] {
  const [, body = ""] = /struct Params \{([^}]*)\}/.exec(code) ?? [];
  const member = /^\s*(\w+): (u32|f32)/gm;
  return Array.from(body.matchAll(member), ([, name = "", type = ""]) => ({ name, type }));
}

/**
 * Packs a kernel's parameters as its `Params` struct lays them out.
 *
 * @throws {GpuError} when a member is missing, unknown, not finite, or not a u32 where one is asked.
 */
export function packParams(
  { name, fields }: Pick<Kernel, "name" | "fields">,
  params: Readonly<Record<string, number>>,
): ArrayBuffer {
  const unknown = Object.keys(params).find((key) => !fields.some((field) => field.name === key));
  if (unknown !== undefined) throw new GpuError(`Kernel ${name} has no parameter "${unknown}".`);
  // Uniform structs are padded to 16 bytes.
  const bytes = new ArrayBuffer(Math.max(16, Math.ceil(fields.length / 4) * 16));
  const view = new DataView(bytes);
  fields.forEach((field, index) => {
    const value = params[field.name];
    const integer = field.type === "u32";
    const fits = value !== undefined &&
      (integer ? value >>> 0 === value : Number.isFinite(Math.fround(value)));
    if (!fits) {
      throw new GpuError(`Kernel ${name}: parameter "${field.name}" (${field.type}) is ${value}.`);
    }
    if (integer) view.setUint32(index * 4, value, true);
    else view.setFloat32(index * 4, value, true);
  });
  return bytes;
}
