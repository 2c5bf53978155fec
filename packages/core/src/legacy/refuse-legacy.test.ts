import { expect, it } from 'vitest'
import type { LegacyFile, StateStore } from '../contract/state-store.ts'
import { memoryStore } from '../memory/index.ts'
import type { JsonValue } from '../model/json.ts'
import { refuseLegacy } from './refuse-legacy.ts'

const VISIBLE = ['shop', 'shop_eu', 'other']

/** A store with files of an older tool beside its documents: name, and what is in it. */
function storeWith(files: Readonly<Record<string, Record<string, JsonValue> | 'broken'>>): StateStore {
  const all = Object.entries(files).map(([name, value]): LegacyFile => {
    const content = value === 'broken' ? ({ kind: 'broken', reason: 'is empty' } as const) : ({ kind: 'table', value } as const)
    return { path: `/s/${name}.json`, name, revision: '', occupies: undefined, content }
  })
  const list = async (wanted?: (name: string) => boolean) => ({ own: [], files: all.filter(({ name }) => wanted?.(name) ?? true) })
  return { ...memoryStore(), legacy: { aside: '/s/old', list, setAside: async () => [] } }
}

const table = (table_name: string, more: Record<string, JsonValue> = {}) => ({ table_name, sync_status: 'SUCCESS', last_sync_time: null, ...more })

it('stops a run at what can be taken over for its databases, and names it', async () => {
  const state = storeWith({ shop_a_b: table('a_b'), other_a: table('a') })
  await expect(refuseLegacy(state, ['shop'], VISIBLE)).rejects.toMatchObject({
    code: 'STATE_LEGACY',
    kind: 'config',
    message: expect.stringMatching(/a state file of .*: \/s\/shop_a_b\.json\./),
    hint: expect.stringContaining('dbsync state migrate'),
  })
  await expect(refuseLegacy(state, VISIBLE, VISIBLE)).rejects.toMatchObject({ message: expect.stringContaining('2 state files') })
})

it('goes on beside files of other databases, and those that cannot be taken over', async () => {
  const state = storeWith({
    ...{ other_a: table('a'), shop_eu_x: table('shop_eu_x'), shop_gone_x: table('x'), shop_cut: 'broken' as const },
    ...{ shop_late: table('late', { last_sync_time: 'soon' }), shop_none: table('none', { sync_status: 'DONE' }), shop: table('shop') },
  })
  await expect(refuseLegacy(state, ['shop', 'shop_eu'], VISIBLE)).resolves.toBeUndefined()
  await expect(refuseLegacy(memoryStore(), ['shop'], VISIBLE)).resolves.toBeUndefined()
})
