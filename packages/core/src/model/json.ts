/** Anything that survives a round trip through JSON text. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined }

/** Fails to compile unless `T` is assignable to `Wide`: `Satisfies<JsonValue, SyncEvent>` proves that events survive JSON. */
export type Satisfies<Wide, T extends Wide> = T

/** Of what was parsed from JSON text: neither a list nor null. */
export const isJsonObject = (value: unknown): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
