import { describe, expect, it } from 'vitest'
import { Crew } from './crew.ts'

/** A crew on a clock of its own: `works` lets it do 100 bytes at so many bytes a second. */
function crewOf(): { readonly crew: Crew; readonly works: (bytesPerSecond: number) => boolean } {
  let now = 1_000
  const crew = new Crew({ trialBytes: 100, enoughPerSecond: 50, clock: () => now })
  return {
    crew,
    works(bytesPerSecond) {
      now += 100_000 / bytesPerSecond
      return [crew.did(60), crew.did(40)].some(Boolean)
    },
  }
}

describe('a crew', () => {
  it('asks for nobody where it goes fast enough, and for one where it does not', () => {
    const { crew, works } = crewOf()
    expect(crew.needsNobody).toBe(false)
    expect([works(60), works(51), crew.takes(), crew.needsNobody]).toEqual([false, false, false, true])
    expect([works(40), crew.needsNobody, crew.takes(), crew.takes()]).toEqual([true, false, true, false])
  })

  it('asks once until somebody comes, and not any more when it goes faster by then', () => {
    const { crew, works } = crewOf()
    expect([works(40), works(40)]).toEqual([true, false])
    works(80)
    expect(crew.takes()).toBe(false)
  })

  it('asks for another one when the first one helped, until each does enough', () => {
    const { crew, works } = crewOf()
    works(20)
    crew.takes()
    crew.joined()
    expect([works(40), crew.stays(), crew.takes()]).toEqual([true, true, true])
    crew.joined()
    // Three do 51 each.
    expect([works(153), crew.takes(), crew.stays(), crew.needsNobody]).toEqual([false, false, true, false])
  })

  it('lets one go where it did not, and asks for nobody any more', () => {
    const { crew, works } = crewOf()
    works(40)
    crew.takes()
    crew.joined()
    expect([works(44), crew.stays(), crew.stays()]).toEqual([false, false, true])
    expect([works(10), crew.takes()]).toEqual([false, false])
  })

  it('measures a newcomer from the moment of joining, and asks for nobody meanwhile', () => {
    const { crew, works } = crewOf()
    works(20)
    crew.takes()
    expect(works(20)).toBe(false)
    crew.did(99)
    crew.joined()
    expect([crew.did(1), works(40)]).toEqual([false, true])
  })

  it('asks for nobody any more where one who was wanted could not begin', () => {
    const { crew, works } = crewOf()
    works(20)
    expect([crew.takes(), works(20), works(20), crew.takes()]).toEqual([true, false, false, false])
  })
})
