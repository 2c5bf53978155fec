import { contribute, type Provider, type StateStore } from '@dbsync/core/plugin'
import { foldersOf, options } from './options.ts'
import { openStore } from './store.ts'

const json: Provider<StateStore> = {
  type: 'json',
  summary: 'JSON files in a folder',
  options,
  open: (settings, context) => openStore(foldersOf(settings, context), context.signal, context.readOnly),
}

export default contribute({ stateStores: [json] })
