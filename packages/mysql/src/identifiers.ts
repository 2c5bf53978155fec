import type { TableRef } from '@dbsync/core/plugin'

/** A name as an identifier, whatever it holds. */
export const quoteId = (name: string): string => `\`${name.replaceAll('`', '``')}\``

/** `` `database`.`table` ``. */
export const quoteTable = (table: TableRef): string => `${quoteId(table.database)}.${quoteId(table.name)}`

/** Bytes as a hexadecimal literal: the same in every character set and SQL mode. */
export const hexLiteral = (bytes: Uint8Array): string => `X'${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}'`

/** A string literal that no character set and no SQL mode can misread. */
export const quoteText = (text: string): string => `_utf8mb4 X'${Buffer.from(text, 'utf8').toString('hex')}'`
