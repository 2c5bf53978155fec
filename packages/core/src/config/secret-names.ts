const SECRET = /pass(?!ive)|pwd|secret|token|credential|private_?key|api_?key|access_?key/i

/** Whether a setting of this name holds a secret, as far as a name can tell. Plugins say it for sure with `kind: 'secret'`. */
export const isSecretName = (name: string): boolean => SECRET.test(name) && !/(file|filename|path)$/i.test(name)

/** Whether a line of a file may hold a secret. */
export const mentionsSecret = (line: string): boolean => SECRET.test(line)
