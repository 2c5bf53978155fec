import { styleText } from 'node:util'

const write = (text: string) => process.stdout.write(`${text}\n`)

export const heading = (text: string): void => void write(`\n${styleText('bold', `── ${text}`)}`)

/** Something to type, as it would be typed. */
export const command = (text: string): void => void write(styleText('cyan', `$ ${text}`))

export const say = (text: string): void => void write(`  ${text}`)
