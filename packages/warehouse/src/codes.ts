/** Every error code of the warehouses: what it means and how to put it right. The error reference is made from this table. */
export const WAREHOUSE_CODES = {
  WAREHOUSE_OPTIONS: 'A setting that all warehouses have (`type_overrides`, `deletes`, `strict`) cannot be used. The message names it.',
  WAREHOUSE_VALUE:
    'A value has no place in the type of its column there: a zero date, a number out of range. With `strict` (or in a key) that fails the table. Correct the row, or keep the column as text with `type_overrides`.',
} as const
