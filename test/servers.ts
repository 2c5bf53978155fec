import { offerPair } from '@dbsync/testkit'

/** One pair of private servers for the whole test run, started when the first test asks for it (`testPair`). */
export default async function setup(): Promise<() => Promise<void>> {
  const pair = await offerPair()
  return async () => {
    await pair[Symbol.asyncDispose]()
  }
}
