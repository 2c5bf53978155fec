/** A source, a target and a state store that keep everything in memory: for tests of the engine, and the shortest plugins there are to read. */
export { type Cell, type Fault, type FaultPoint, type MemoryDatabase, type MemoryTable, memoryDatabase, putTable, type Row } from './database.ts'
export { type MemorySourceOptions, memorySource } from './source.ts'
export { memoryStore } from './store.ts'
export { type MemoryTargetOptions, memoryTarget } from './target.ts'
