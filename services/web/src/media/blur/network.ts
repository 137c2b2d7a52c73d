import type { Computer } from "./computer.ts";
import * as kernels from "./kernels.ts";
import type { Plane } from "./kernels.ts";
import { Op, UnusableModel, type Model, type Operator } from "./tflite.ts";

type Step = () => void;

/** A model made ready to run: every step knows its numbers and where its result goes. */
export class Network {
  readonly input: Plane;
  readonly output: Plane;
  readonly #steps: readonly Step[];

  /** Throws UnusableModel where the model needs something that is not known here. */
  constructor(model: Model, computer: Computer) {
    const planner = new Planner(model, computer);
    this.input = planner.plane(model.input);
    this.#steps = model.operators.flatMap((operator) => planner.step(operator) ?? []);
    this.output = planner.plane(model.output);
  }

  /** Computes `output` from `input`. */
  run(): void {
    for (const step of this.#steps) step();
  }
}

class Planner {
  readonly #model: Model;
  readonly #computer: Computer;
  readonly #planes = new Map<number, Plane>();
  readonly #constants = new Map<number, Float32Array>();

  constructor(model: Model, computer: Computer) {
    this.#model = model;
    this.#computer = computer;
    model.tensors.forEach(({ values }, index) => {
      if (values !== undefined) this.#constants.set(index, placed(values, computer));
    });
  }

  plane(index: number): Plane {
    const planned = this.#planes.get(index);
    if (planned !== undefined) return planned;
    const [pictures, height, width, channels] = this.#shape(index);
    if (pictures !== 1 || height === undefined || width === undefined || channels === undefined) throw new UnusableModel("no picture");
    const plane = { height, width, channels, data: this.#computer.room(height * width * channels) };
    this.#planes.set(index, plane);
    return plane;
  }

  step({ code, custom, inputs, output, stride }: Operator): Step | undefined {
    const [first = -1, second = -1, third = -1] = inputs;
    if (code === Op.DEQUANTIZE) {
      this.#constants.set(output, this.#constant(first)); // Already floats.
      return undefined;
    }
    const fast = this.#computer.kernels;
    const input = this.plane(first);
    const out = this.plane(output);
    switch (code) {
      case Op.CONV_2D:
        return this.#convolution(input, this.#shape(second), this.#constant(second), this.#constant(third), stride, out);
      case Op.DEPTHWISE_CONV_2D: {
        const kernel = this.#shape(second)[1] ?? 0;
        const weights = this.#constant(second);
        const bias = this.#constant(third);
        if (input.channels % 4 !== 0 || weights.length !== kernel * kernel * input.channels) throw new UnusableModel("kernels of another form");
        return () => kernels.depthwise(fast, input, weights, bias, kernel, stride, out);
      }
      case Op.ADD: {
        const other = this.plane(second);
        return () => fast.add(input.data, other.data, out.data);
      }
      case Op.MUL: {
        const factors = this.plane(second);
        if (factors.data.length !== input.channels) throw new UnusableModel("factors that are not one a channel");
        return () => kernels.scale(input, factors.data, out.data);
      }
      case Op.MEAN:
        if (out.data.length !== input.channels) throw new UnusableModel("a mean of something else than a picture");
        return () => kernels.mean(input, out.data);
      case Op.RESIZE_BILINEAR:
        return () => kernels.resize(input, out);
      case Op.RELU:
        return () => fast.relu(input.data, out.data);
      case Op.HARD_SWISH:
        return () => fast.hardSwish(input.data, out.data);
      case Op.LOGISTIC:
        return () => kernels.logistic(input.data, out.data);
      case Op.CUSTOM: {
        if (custom !== "Convolution2DTransposeBias") throw new UnusableModel(`an operator called ${custom}`);
        const weights = this.#constant(second);
        const [bias = 0] = this.#constant(third);
        if (weights.length !== 4 * input.channels || out.channels !== 1) throw new UnusableModel("another transposed convolution");
        return () => kernels.spreadTwofold(input, weights, bias, out.data);
      }
      default:
        throw new UnusableModel(`an operator with the number ${code}`);
    }
  }

  #convolution(
    input: Plane,
    shape: readonly number[],
    weights: Float32Array,
    bias: Float32Array,
    stride: number,
    out: Plane,
  ): Step {
    const fast = this.#computer.kernels;
    const kernel = shape[1] ?? 0;
    const inputs = kernel * kernel * input.channels;
    if (out.channels % 4 !== 0 || weights.length !== inputs * out.channels) throw new UnusableModel("a convolution of another form");
    const ready = placed(kernels.packed(weights, inputs, out.channels), this.#computer);
    if (kernel === 1 && stride === 1) return () => fast.pointwise(input.data, inputs, ready, bias, out.data, out.channels);
    const gathered = this.#computer.room(out.height * out.width * inputs);
    return () => {
      kernels.gather(input, kernel, stride, out.height, out.width, gathered);
      fast.pointwise(gathered, inputs, ready, bias, out.data, out.channels);
    };
  }

  #shape(index: number): readonly number[] {
    const tensor = this.#model.tensors[index];
    if (tensor === undefined) throw new UnusableModel("a tensor that is not there");
    return tensor.shape;
  }

  #constant(index: number): Float32Array {
    const values = this.#constants.get(index);
    if (values === undefined) throw new UnusableModel("weights that are not there");
    return values;
  }
}

function placed(values: Float32Array, computer: Computer): Float32Array {
  const room = computer.room(values.length);
  room.set(values);
  return room;
}
