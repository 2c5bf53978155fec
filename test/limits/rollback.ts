import type { Project } from '../project.ts'

/** A rollback builds tables in databases of its own. */
export const allowRollback = ({ target, targetUser }: Project): Promise<unknown> =>
  target.server.query(`GRANT ALL ON \`\\_dbsync\\_restore\\_%\`.* TO ${targetUser}@'%'`)
