/** Every error code of MySQL and MariaDB connections: what it means and how to put it right. The error reference is made from this table. */
export const MYSQL_CODES = {
  MYSQL_UNREACHABLE: 'The server does not answer at this host and port. Check that it runs, that the address is right and that no firewall stands between.',
  MYSQL_TLS:
    'The encrypted connection could not be made. Check the certificate, its authority (`ssl.ca`) and the host name, or that the server has TLS switched on.',
  MYSQL_FILE_ASKED:
    'The server asked for a file of the machine that dbsync runs on, and got none. Check that the address is right and that nobody sits between: an honest server does not do that.',
  MYSQL_LOGIN: 'The server refused this user and password. Check both, and that the user may log in from this host.',
  MYSQL_NO_DATABASE: 'There is no such database, or this user may not see it. Check the name, and grant SELECT on it.',
  MYSQL_PRIVILEGE: 'The user lacks a privilege. The hint gives the GRANT that is missing.',
  MYSQL_OPTIONS: 'A setting of the connection is wrong. The message names it.',
  MYSQL_CONNECTION_LOST:
    'The connection was cut while a statement ran. The run tries again by itself; if it keeps happening look at the server log and the network.',
  MYSQL_SILENT: 'The server stopped sending and no longer works on the statement. The run tries again by itself; look at the network between both.',
  MYSQL_BUSY: 'A lock, a deadlock or a time limit stopped a statement. The run tries again by itself.',
  MYSQL_TOO_MANY_CONNECTIONS: 'The server has no free connection. Lower `connections`, or raise max_connections on the server.',
  MYSQL_TABLE_CHANGED: 'The table was altered, dropped or truncated while it was read. The run reads it again by itself.',
  MYSQL_NO_TABLE: 'There is no such table, or this user may not see it.',
  MYSQL_DUPLICATE: 'A row breaks a unique key. Compare the unique keys and the collations of both ends.',
  MYSQL_VALUE: 'A value does not fit its column: too long, out of range, or not valid in its character set.',
  MYSQL_AMBIGUOUS:
    'An ENUM or SET with an empty member holds a value that reads as that member and is another one. Give those rows a value of their own at the source.',
  MYSQL_FOREIGN_KEY: 'A row breaks a foreign key.',
  MYSQL_CONSTRAINT_NAME:
    'A foreign key cannot be made because another table of the database has one of this name, mostly a table that is gone or renamed at the source. Drop that table at the target, or let `--allow-destructive` do it, and run again.',
  MYSQL_PACKET: 'A row or a statement is larger than max_allowed_packet. Raise it on the server that the message names.',
  MYSQL_DISK_FULL: 'The server has no disk space left. Free some there and run again.',
  MYSQL_READ_ONLY: 'The server, or the transaction, is read-only.',
  MYSQL_STATEMENT: 'The server refused a statement. The message is its own.',
  MYSQL_CANCELLED: 'The run was stopped.',
  MYSQL_DEFINITION: 'The definition of a table could not be understood. Please report it with the output of SHOW CREATE TABLE.',
  MYSQL_OTHER_SERVER:
    'Two connections of one run reached two different servers: a load balancer, or a failover in the middle of the run. Nothing was written to the other one. Give the address of one server; after a failover: `--allow new-server`, once.',
} as const

export type MysqlCode = keyof typeof MYSQL_CODES
