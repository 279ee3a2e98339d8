/**
 * Compute shaders: a .wgsl file compiled for one set of `override` constants.
 *
 * The file itself is the only description of a kernel. Its bindings, its `Params` struct and its
 * workgroup size are read off the source, so that the code that dispatches it names them, and a
 * name that is wrong or missing is caught before the GPU sees it.
 *
 * @module
 */
import { type GpuDevice, GpuError } from "./device.ts";
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
  /** The number in `@binding(…)`; every binding is in group 0. */
  readonly index: number;
  /** Name of the variable in the shader. */
  readonly name: string;
  /** Whether it is the uniform that holds `Params`. */
  readonly uniform: boolean;
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
  /** The buffers, textures and parameters it binds, in the order of the source. */
  readonly bindings: readonly Binding[];
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
  let module: GPUShaderModule;
  const pipeline = gpu.check(`kernel ${name}`, () => {
    module = gpu.device.createShaderModule({ label: name, code });
    const compute = { module, entryPoint: "main", constants };
    return gpu.device.createComputePipeline({ label: name, layout: "auto", compute });
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
    bindings: parseBindings(own),
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
  const shared = declaredBindings(prelude).filter(({ name }) => isUsed(name, prelude, code));
  return [...declaredBindings(code), ...shared];
}

function declaredBindings(code: string): Binding[] {
  const declaration = /@group\(0\)\s*@binding\((\d+)\)\s*var(?:<([^>]+)>)?\s*(\w+)/g;
  return Array.from(code.matchAll(declaration), ([, index, space = "", name = ""]) => ({
    index: Number(index),
    name,
    uniform: space.trim() === "uniform",
  }));
}

/** Whether a kernel mentions a binding of the prelude, or a function there that does. */
function isUsed(binding: string, prelude: string, code: string): boolean {
  const functions = Array.from(prelude.matchAll(/^fn (\w+)[^]*?^}/gm))
    .filter(([body]) => mentions(body, binding))
    .map(([, name = ""]) => name);
  return [binding, ...functions].some((name) => mentions(code, name));
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
