/**
 * Memory for intermediate results, shared by everything that runs one after the other.
 *
 * A program is recorded in the order it runs, so a tensor released while recording may be handed out
 * again at once: the later dispatch comes after the last reader of the earlier value.
 *
 * @module
 */
import type { GpuDevice } from "./device.ts";
import { createImage, type MatrixImage } from "./gather/image.ts";
import { createTensor, elementCount, type Tensor } from "./tensor.ts";

/** A pool of tensors and images for values that live shorter than the program. */
export class Scratch implements Disposable {
  readonly #gpu: GpuDevice;
  readonly #free: Tensor[] = [];
  readonly #all: Tensor[] = [];
  readonly #freeImages: MatrixImage[] = [];
  readonly #allImages: MatrixImage[] = [];

  /** An empty pool. */
  constructor(gpu: GpuDevice) {
    this.#gpu = gpu;
  }

  /**
   * A tensor with undefined content. It reuses the memory of a released tensor of the same size, if there
   * is one.
   */
  take(label: string, shape: readonly number[]): Tensor {
    const size = elementCount(shape);
    const index = this.#free.findIndex((tensor) => elementCount(tensor.shape) === size);
    if (index >= 0) return { ...this.#free.splice(index, 1)[0]!, label, shape };
    return this.takeForGood(label, shape);
  }

  /** A zero-filled tensor that nobody else ever uses. */
  takeForGood(label: string, shape: readonly number[]): Tensor {
    const tensor = createTensor(this.#gpu, label, shape);
    this.#all.push(tensor);
    return tensor;
  }

  /** Gives a tensor back for reuse; memory that is not from this pool stays untouched. */
  release({ buffer }: Tensor): void {
    const own = this.#all.find((tensor) => tensor.buffer === buffer);
    if (own && !this.#free.some((tensor) => tensor.buffer === buffer)) this.#free.push(own);
  }

  /** An image with undefined content: a released one that is large enough, if there is one. */
  takeImage(label: string, rows: number, dim4: number): MatrixImage {
    const index = this.#freeImages.findIndex((image) => image.dim4 === dim4 && image.rows >= rows);
    if (index >= 0) return this.#freeImages.splice(index, 1)[0]!;
    const image = createImage(this.#gpu, label, rows, dim4);
    this.#allImages.push(image);
    return image;
  }

  /** Gives an image of this pool back for reuse. */
  releaseImage(image: MatrixImage): void {
    if (!this.#freeImages.includes(image)) this.#freeImages.push(image);
  }

  /** Frees all memory of the pool. */
  [Symbol.dispose](): void {
    for (const memory of [...this.#all.splice(0), ...this.#allImages.splice(0)]) {
      memory[Symbol.dispose]();
    }
    this.#free.length = 0;
    this.#freeImages.length = 0;
  }
}
