import { type EncoderOptions, RowEncoder } from './row-encoder.ts'
import { type Stamp, stamp } from './stamp.ts'
import { TextSink } from './text-sink.ts'
import { type CellWriter, cellWriter, digits, type Loss, text } from './values.ts'

export type NdjsonOptions = EncoderOptions & {
  /** About so many bytes are taken at once; left out: unknown. */
  readonly usualBytes?: number
}

type Field = { readonly head: Stamp; readonly write: CellWriter }

/** Packed rows to lines of JSON. NULLs are left out. */
export class NdjsonEncoder extends RowEncoder {
  readonly #fields: readonly Field[]
  readonly #sink: TextSink
  /** Where the open line begins. */
  #open = 0

  constructor(options: NdjsonOptions) {
    super(options)
    this.#sink = new TextSink(options.usualBytes)
    this.#fields = options.columns.map(({ column, name, type }) => ({ head: stamp(`,${JSON.stringify(name)}:`), write: cellWriter(column, type) }))
  }

  get byteLength(): number {
    return this.#sink.byteLength
  }

  /** The lines so far; the encoder goes on with none, in the memory of `next`, lines that nobody reads any more, or in its own. */
  take(next?: Uint8Array<ArrayBuffer>): Buffer<ArrayBuffer> {
    this.#open = 0
    return this.#sink.take(next)
  }

  protected cell(column: number, bytes: Uint8Array, start: number, end: number): Loss | undefined {
    const field = this.#fields[column] as Field
    const sink = this.#sink
    const mark = sink.byteLength
    sink.stamp(field.head)
    let loss: Loss | undefined
    // What most cells are is called by its name: that can be inlined.
    if (field.write === text) sink.text(bytes, start, end)
    else if (field.write === digits) sink.plain(bytes, start, end)
    else loss = field.write(sink, bytes, start, end)
    if (loss !== undefined) sink.backTo(mark)
    return loss
  }

  protected system(column: string, value: string | number): void {
    this.#sink.ascii(`,"${column}":${JSON.stringify(value)}`)
  }

  /** Everything in a row begins with a comma; the first one makes way for the brace. */
  protected endRow(): void {
    const sink = this.#sink
    if (sink.byteLength === this.#open) sink.byte(OPEN)
    else sink.replace(this.#open, OPEN)
    sink.byte(CLOSE)
    sink.byte(NEW_LINE)
    this.#open = sink.byteLength
  }
}

const OPEN = 0x7b
const CLOSE = 0x7d
const NEW_LINE = 0x0a
