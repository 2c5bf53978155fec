/** What is wrong with the value that a plugin's `dbsync:register` hook returned, or undefined. A newer interface version is not judged here. */
export function contributionFault(value: unknown): string | undefined {
  if (!isRecord(value)) return 'its hook returned nothing (it must return a contribution)'
  if (typeof value.apiVersion !== 'number') return 'its contribution has no apiVersion'
  for (const role of ['sources', 'targets', 'stateStores']) {
    const providers = value[role]
    if (providers === undefined) continue
    if (!Array.isArray(providers)) return `its ${role} are not a list`
    const fault = providers.map(providerFault).find((found) => found !== undefined)
    if (fault !== undefined) return `${fault} in its ${role}`
  }
  return undefined
}

function providerFault(value: unknown): string | undefined {
  if (!isRecord(value)) return 'something that is not a provider'
  if (typeof value.type !== 'string' || value.type === '') return 'a provider without a type'
  if (typeof value.open !== 'function') return `the provider "${value.type}" has no open function`
  if (typeof value.summary !== 'string') return `the provider "${value.type}" has no summary`
  if (!Array.isArray(value.options) || !value.options.every(isOption)) return `the provider "${value.type}" describes its options wrongly`
  return undefined
}

const isOption = (value: unknown): boolean =>
  isRecord(value) && typeof value.name === 'string' && typeof value.kind === 'string' && typeof value.description === 'string'

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null
