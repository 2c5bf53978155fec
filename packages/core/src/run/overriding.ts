import type { Target } from '../contract/target.ts'

/** The target with some members in the place of its own; all others are as they are. */
export function overriding(target: Target, overrides: Partial<Target>): Target {
  return new Proxy(target, {
    get(of, member) {
      const value: unknown = Reflect.get(overrides, member) ?? Reflect.get(of, member, of)
      return typeof value === 'function' ? value.bind(of) : value
    },
  })
}
