import type { Emulator } from './installed.ts'
import { JOB_PROBES } from './probes-jobs.ts'
import { SQL_PROBES } from './probes-sql.ts'
import { TABLE_PROBES } from './probes-tables.ts'
import { VALUE_PROBES } from './probes-values.ts'
import type { Json } from './rest.ts'

/** What dbsync needs of BigQuery, by name. */
export const PROBES = { ...TABLE_PROBES, ...JOB_PROBES, ...VALUE_PROBES, ...SQL_PROBES }

export type Capability = keyof typeof PROBES

/** What an emulator answers where it does not answer as BigQuery does. What is not listed works; a test holds each entry against the running emulator. */
export const LACKS: Readonly<Record<Emulator, Partial<Readonly<Record<Capability, Json>>>>> = {
  'local-bigquery': {
    'a load without a schema uses the schema of the table': [['41503851']],
    // With a schema; without one it is refused, as it should be.
    'a load with an unknown field is refused': 'accepted',
    // BIGNUMERIC is DECIMAL(38,18).
    'load BIGNUMERIC (38 + 38 digits)': 'refused: job invalid',
    // With a schema every value is read as text first, and then that text must be JSON.
    'load JSON: a text': 'refused: job invalid',
    // Through a double.
    'FORMAT of a NUMERIC with 29 digits': [['99999999999999991439139646054.456989077']],
    'CAST of a NUMERIC to text': [['1.500000000', '2.000000000', '1234567890.123456789100000000']],
    'HASH is a word of the language': 'accepted',
    'a column that is called as the table is cannot be set': 'accepted',
  },
  bqemulator: {
    'a table: primary key': null,
    'a table: expirationTime': null,
    'REQUIRED is enforced by INSERT': 'accepted',
    'REQUIRED is enforced by a load': 'accepted',
    // Only one clause a statement; and tables.get goes on telling the old columns.
    'ALTER TABLE ADD COLUMN': 'refused: 200 invalidQuery',
    'ALTER COLUMN SET DATA TYPE': { fields: [['id', 'INTEGER', 'NULLABLE']], rows: [['1.000']] },
    'ALTER COLUMN DROP NOT NULL': [['id', 'INTEGER', 'REQUIRED']],
    // NOT ENFORCED is a syntax error.
    'ALTER TABLE ADD PRIMARY KEY': 'refused: 200 invalidQuery',
    'CREATE TABLE with everything': 'refused: 200 invalidQuery',
    'tables.patch adds a column': 'refused: 200 invalidQuery',
    'numRows of a table': '0',
    'a load has the id it was given': { named: false, found: 'DONE' },
    'a load with the id of another: 409, nothing loaded': { again: 'accepted', rows: '2' },
    'a query job with the id of another: 409, not run': { again: 'accepted', rows: '2' },
    'a load without a schema uses the schema of the table': [['41503851']],
    'a load with an unknown field is refused': 'accepted',
    // The rows of the whole table.
    'outputRows of a load': '3',
    'a query that fails: HTTP 400': '200 invalidQuery',
    'a query of a table that is not there: HTTP 404': '200 notFound',
    'labels of a job': null,
    // The base64 text is what is stored; a parameter suffers the same.
    'load BYTES (base64)': ['41503851', ''],
    parameters: [['7', "it's", '4150383d', '2024-01-02 03:04:05.000006', '2']],
    // No table with such a column can be made.
    'load BIGNUMERIC (20 + 10 digits)': 'refused: 500 internalError',
    'load BIGNUMERIC (38 + 38 digits)': 'refused: 500 internalError',
    'MERGE: two source rows for one target row are refused': 'accepted',
    'dmlStats of a MERGE': null,
    'DELETE without a WHERE is refused': 'accepted',
    // CAST(… AS NUMERIC) is DECIMAL(18,3).
    'CAST to NUMERIC keeps 9 decimals': [['false']],
    'a checksum: the sum of the last 15 digits of MD5': 'refused: 200 invalidQuery',
    'the sum of numbers beyond INT64': 'refused: 200 invalidQuery',
    'FORMAT of a NUMERIC with 29 digits': [['99999999999999991439139646054.456989077']],
    'CAST of a NUMERIC to text': [['1.500000000', '2.000000000', '1234567890.1234567891']],
    'INFORMATION_SCHEMA.KEY_COLUMN_USAGE': 'refused: 200 invalidQuery',
    'HASH is a word of the language': 'accepted',
    'a column that is called as the table is cannot be set': 'accepted',
  },
  // What DDL changes is not seen again. Its analyzer is the real one: what it takes, BigQuery parses.
  goccy: {
    'a dataset: insert, get, labels': { location: 'EU', labels: { managed_by: 'dbsync' }, listed: true, again: '500 internalError' },
    'REQUIRED is enforced by INSERT': 'accepted',
    'REQUIRED is enforced by a load': 'accepted',
    'ALTER TABLE ADD COLUMN': 'refused: 400 jobInternalError',
    'ALTER COLUMN SET DATA TYPE': 'refused: 400 jobInternalError',
    'ALTER COLUMN DROP NOT NULL': [['id', 'INTEGER', 'REQUIRED']],
    'ALTER TABLE ADD PRIMARY KEY': null,
    'tables.patch adds a column': 'refused: 400 jobInternalError',
    'CREATE TABLE with everything': { partition: null, cluster: null, key: null, labels: null },
    'a load with the id of another: 409, nothing loaded': { again: '500 internalError', rows: '1' },
    'a query job with the id of another: 409, not run': { again: '400 jobInternalError', rows: '1' },
    'a load without a schema uses the schema of the table': [['41503851']],
    'a load with an unknown field is refused': 'accepted',
    'outputRows of a load': null,
    'a query that fails: HTTP 400': '400 jobInternalError',
    'a query of a table that is not there: HTTP 404': '400 jobInternalError',
    'a query job that fails says so': 'job jobInternalError',
    'tabledata.list by pages': { first: 3, second: 3, totalRows: '3' },
    'a result by pages': [3, 3],
    'a copy job': 'refused: 400 jobInternalError',
    'load BYTES (base64)': ['41503851', ''],
    'load JSON: a text': 'refused: 400 jobInternalError',
    'MERGE: two source rows for one target row are refused': 'accepted',
    'MERGE: source is a subquery': 'refused: 400 jobInternalError',
    'dmlStats of a MERGE': 'refused: job jobInternalError',
    'NULL is not TRUE': [['0']],
    'FORMAT of a NUMERIC with 29 digits': [['99999999999999991433150857216.000000000']],
    parameters: 'refused: 400 jobInternalError',
    'a transaction that is rolled back': 'refused: 400 jobInternalError',
    'FOR SYSTEM_TIME AS OF': 'refused: 400 jobInternalError',
    'CREATE SNAPSHOT TABLE': 'refused: 400 jobInternalError',
    'INFORMATION_SCHEMA.TABLES': 'refused: 400 jobInternalError',
    'INFORMATION_SCHEMA.COLUMNS': 'refused: 400 jobInternalError',
    'INFORMATION_SCHEMA.KEY_COLUMN_USAGE': 'refused: 400 jobInternalError',
  },
}

/** For `test.skipIf`: whether the emulator cannot do this as BigQuery does. */
export const lacks = (emulator: Emulator, capability: Capability): boolean => LACKS[emulator][capability] !== undefined
