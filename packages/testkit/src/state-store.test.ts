import { memoryStore } from '@dbsync/core/memory'
import { describeStateStore } from './state-store.ts'

const store = memoryStore()

describeStateStore('memory', { open: async () => store })
