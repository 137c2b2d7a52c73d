/** Operators of the TensorFlow Lite schema (schema.fbs, BuiltinOperator) that the model of a person's outline is made of. */
export const Op = {
  ADD: 0,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  DEQUANTIZE: 6,
  LOGISTIC: 14,
  MUL: 18,
  RELU: 19,
  RESIZE_BILINEAR: 23,
  CUSTOM: 32,
  MEAN: 40,
  HARD_SWISH: 117,
} as const;

export interface Tensor {
  readonly shape: readonly number[];
  /** What the file gives for it, as floats; undefined for what is computed. */
  readonly values: Float32Array | undefined;
}

export interface Operator {
  readonly code: number;
  /** The name of an operator that is not in the schema. */
  readonly custom: string;
  readonly inputs: readonly number[];
  readonly output: number;
  /** Rows and columns alike. */
  readonly stride: number;
}

export interface Model {
  readonly tensors: readonly Tensor[];
  readonly operators: readonly Operator[];
  readonly input: number;
  readonly output: number;
}

/** The model cannot be used: it is damaged, or needs something that is not known here. */
export class UnusableModel extends Error {}

const FLOAT32 = 0;
const FLOAT16 = 1;

/** Reads a model from a FlatBuffer file. Throws UnusableModel, or RangeError where an offset points outside. */
export function readModel(file: ArrayBuffer): Model {
  const reader = new FlatBuffer(new DataView(file));
  const root = reader.follow(0);
  const [graph] = reader.tables(root, 2);
  if (graph === undefined) throw new UnusableModel("no graph");
  const buffers = reader.tables(root, 4);
  const codes = reader.tables(root, 1).map((code) => ({
    // Codes that fit into a byte used to be kept in one (schema.fbs, OperatorCode).
    builtin: Math.max(reader.byte(code, 0), reader.int(code, 3)),
    custom: reader.text(code, 1),
  }));
  const [input = -1] = reader.ints(graph, 1);
  const [output = -1] = reader.ints(graph, 2);
  return {
    tensors: reader.tables(graph, 0).map((tensor) => readTensor(reader, tensor, buffers)),
    operators: reader.tables(graph, 3).map((operator) => readOperator(reader, operator, codes)),
    input,
    output,
  };
}

function readTensor(reader: FlatBuffer, tensor: number, buffers: readonly number[]): Tensor {
  const type = reader.byte(tensor, 1);
  const buffer = buffers[reader.int(tensor, 2)];
  const shape = reader.ints(tensor, 0);
  const bytes = buffer === undefined ? undefined : reader.bytes(buffer, 0);
  if (bytes === undefined || (type !== FLOAT32 && type !== FLOAT16)) return { shape, values: undefined };
  const size = shape.reduce((product, length) => product * length, 1);
  if (bytes.byteLength !== size * (type === FLOAT16 ? 2 : 4)) throw new UnusableModel("a tensor of the wrong size");
  const value = (at: number): number => (type === FLOAT16 ? half(bytes.getUint16(2 * at, true)) : bytes.getFloat32(4 * at, true));
  return { shape, values: Float32Array.from({ length: size }, (_, at) => value(at)) };
}

interface Code {
  readonly builtin: number;
  readonly custom: string;
}

function readOperator(reader: FlatBuffer, operator: number, codes: readonly Code[]): Operator {
  const code = codes[reader.int(operator, 0)];
  const [output] = reader.ints(operator, 2);
  if (code === undefined || output === undefined) throw new UnusableModel("an operator of no kind");
  const options = reader.table(operator, 4);
  const isConvolution = code.builtin === Op.CONV_2D || code.builtin === Op.DEPTHWISE_CONV_2D;
  const stride = isConvolution ? reader.int(options, 1) : 1;
  if (isConvolution && reader.int(options, 2) !== stride) throw new UnusableModel("strides that differ");
  if (isConvolution && reader.byte(options, code.builtin === Op.CONV_2D ? 3 : 4) !== 0) throw new UnusableModel("a fused activation");
  return { code: code.builtin, custom: code.custom, inputs: reader.ints(operator, 1), output, stride };
}

/** IEEE 754 binary16. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** The parts of FlatBuffers that are needed. A position of 0 is a table that is not there. */
class FlatBuffer {
  readonly #view: DataView;

  constructor(view: DataView) {
    this.#view = view;
  }

  follow(at: number): number {
    return at + this.#view.getUint32(at, true);
  }

  int(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.#view.getInt32(at, true);
  }

  byte(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.#view.getUint8(at);
  }

  table(table: number, field: number): number {
    const at = this.#field(table, field);
    return at === 0 ? 0 : this.follow(at);
  }

  text(table: number, field: number): string {
    const bytes = this.bytes(table, field);
    return bytes === undefined ? "" : new TextDecoder().decode(bytes);
  }

  bytes(table: number, field: number): DataView | undefined {
    const vector = this.table(table, field);
    if (vector === 0) return undefined;
    return new DataView(this.#view.buffer, this.#view.byteOffset + vector + 4, this.#view.getUint32(vector, true));
  }

  ints(table: number, field: number): number[] {
    return this.#elements(table, field).map((at) => this.#view.getInt32(at, true));
  }

  tables(table: number, field: number): number[] {
    return this.#elements(table, field).map((at) => this.follow(at));
  }

  #elements(table: number, field: number): number[] {
    const vector = this.table(table, field);
    if (vector === 0) return [];
    const length = this.#view.getUint32(vector, true);
    if (length > this.#view.byteLength / 4) throw new UnusableModel("a list longer than the file");
    return Array.from({ length }, (_, index) => vector + 4 + 4 * index);
  }

  #field(table: number, field: number): number {
    if (table === 0) return 0;
    const list = table - this.#view.getInt32(table, true);
    const entry = 4 + 2 * field;
    const offset = entry < this.#view.getUint16(list, true) ? this.#view.getUint16(list + entry, true) : 0;
    return offset === 0 ? 0 : table + offset;
  }
}
