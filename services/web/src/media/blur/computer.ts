import type { Floats, Kernels } from "./kernels.ts";
import { plainKernels } from "./plainkernels.ts";
import { UnusableModel } from "./tflite.ts";

/** What a network is computed with, and where its numbers lie. */
export interface Computer {
  readonly kernels: Kernels;
  /** Room for this many numbers, all zero. */
  room(length: number): Floats;
}

/** Without WebAssembly. */
export const plainComputer: Computer = { kernels: plainKernels, room: (length) => new Float32Array(length) };

const PAGE_BYTES = 65_536;
/** More than the model needs, and taken from the system only as far as it is used. */
const PAGES = 512;

type Numbers = (...numbers: number[]) => void;

/** With WebAssembly. kernels: kernels.wasm. Rejects where the browser does not allow it. */
export async function fastComputer(kernels: BufferSource): Promise<Computer> {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const { instance } = await WebAssembly.instantiate(kernels, { memory: { memory } });
  const loops = instance.exports as unknown as Record<keyof Kernels, Numbers>;
  let taken = 0;
  return {
    kernels: {
      pointwise: (input, inputs, weights, bias, out, outputs) =>
        loops.pointwise(input.byteOffset, inputs, weights.byteOffset, bias.byteOffset, out.byteOffset, outputs, out.length / outputs),
      addProducts: (input, from, step, weights, weight, out, to, channels, pixels) =>
        loops.addProducts(at(input, from), 4 * step, at(weights, weight), at(out, to), channels, pixels),
      add: (a, b, out) => loops.add(a.byteOffset, b.byteOffset, out.byteOffset, out.length),
      relu: (input, out) => loops.relu(input.byteOffset, out.byteOffset, out.length),
      hardSwish: (input, out) => loops.hardSwish(input.byteOffset, out.byteOffset, out.length),
    },
    room(length) {
      const view = taken + 4 * length <= PAGES * PAGE_BYTES ? new Float32Array(memory.buffer, taken, length) : undefined;
      if (view === undefined) throw new UnusableModel("more numbers than there is room for");
      taken += 4 * Math.ceil(length / 4) * 4;
      return view;
    },
  };
}

function at(numbers: Floats, index: number): number {
  return numbers.byteOffset + 4 * index;
}
