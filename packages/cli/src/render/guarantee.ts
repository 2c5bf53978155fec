import type { Guarantee } from '@dbsync/core'
import { printable } from '../printable.ts'

export const guaranteeText = (guarantee: Guarantee): string => (guarantee.level === 'exact' ? 'exact' : `exact, except for ${printable(guarantee.except)}`)
