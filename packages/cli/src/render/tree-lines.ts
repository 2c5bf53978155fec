import type { TableOutcome } from '@dbsync/core'
import type { ListrTask } from 'listr2'

/** One line of the tree: a table's own, or a slot that shows one table after another. */
export interface Line {
  readonly task: ListrTask
  takes(id: string): boolean
  show(id: string, title: string): void
  finish(outcome: TableOutcome, title: string): void
  /** The run is over, whatever this line was waiting for. */
  end(): void
}

/** A line for every table where they fit on the screen, else one for every slot. */
export function lines(labels: ReadonlyMap<string, string>, room: number, slots: number): readonly Line[] {
  if (labels.size <= room) return [...labels].map(([id, label]) => tableLine(id, label))
  return Array.from({ length: Math.max(1, Math.min(slots, room)) }, slotLine)
}

type Ending = 'completed' | 'failed' | 'skipped'

const ENDINGS: Readonly<Record<TableOutcome, Ending>> = {
  synced: 'completed',
  unchanged: 'completed',
  failed: 'failed',
  refused: 'failed',
  cancelled: 'skipped',
}

function tableLine(own: string, label: string): Line {
  const ended = Promise.withResolvers<Ending>()
  let title = label
  // The renderer draws ten times a second and reads the title then: setting the field costs nothing, the setter would draw once more.
  let draw: (text: string) => void = () => {}
  const show = (text: string): void => {
    title = text
    draw(text)
  }
  return {
    takes: (id) => id === own,
    show: (_, text) => show(text),
    finish: (outcome, text) => {
      show(text)
      ended.resolve(ENDINGS[outcome])
    },
    end: () => ended.resolve('skipped'),
    task: {
      title: label,
      task: async (_, wrapper) => {
        draw = (text) => {
          wrapper.task.title = text
        }
        draw(title)
        const ending = await ended.promise
        if (ending === 'failed') throw new Error(title)
        if (ending === 'skipped') wrapper.skip(title)
      },
    },
  }
}

function slotLine(): Line {
  const ended = Promise.withResolvers<void>()
  let current: string | undefined
  let title = ''
  let draw: (text: string) => void = () => {}
  const show = (text: string): void => {
    title = text
    draw(text)
  }
  return {
    takes: (id) => current === undefined || current === id,
    show: (id, text) => {
      current = id
      show(text)
    },
    finish: () => {
      current = undefined
      show('')
    },
    end: () => {
      show('')
      ended.resolve()
    },
    task: {
      title: ' ',
      task: async (_, wrapper) => {
        draw = (text) => {
          wrapper.task.title = text
        }
        draw(title)
        await ended.promise
      },
    },
  }
}
