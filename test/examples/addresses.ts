// Loaded into dbsync by NODE_OPTIONS: connections to the addresses that examples name lead to the servers of the test, as an entry of /etc/hosts would.
// EXAMPLE_ADDRESSES holds `{"db.example.com:3306": 40123}`: ports of this machine.
import net from 'node:net'

const ports = JSON.parse(process.env['EXAMPLE_ADDRESSES'] ?? '{}') as Readonly<Record<string, number>>
const connect = Reflect.get(net.Socket.prototype, 'connect') as (...args: readonly unknown[]) => net.Socket

net.Socket.prototype.connect = function (this: net.Socket, ...args: readonly unknown[]): net.Socket {
  // `net.connect` hands over its arguments as one list.
  const [first, ...others] = (Array.isArray(args[0]) ? args[0] : args) as readonly unknown[]
  const { host = 'localhost', port } = (typeof first === 'object' ? first : { port: first, host: others[0] }) as {
    readonly host?: string
    readonly port?: number
  }
  const mapped = ports[`${host}:${port}`]
  return Reflect.apply(connect, this, mapped === undefined ? args : [mapped, '127.0.0.1'])
}
