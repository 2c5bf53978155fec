/** Every error code of the BigQuery target: what it means and how to put it right. The error reference is made from this table. */
export const BIGQUERY_CODES = {
  BIGQUERY_OPTIONS: 'A setting of the BigQuery target is missing or cannot be used. The message names it.',
  BIGQUERY_AUTH:
    'Google did not accept the credentials, or there are none. `gcloud auth application-default login` makes some for you; on a server give a service account’s file with `key_file`.',
  BIGQUERY_PRIVILEGE: 'The account may not do this. It needs BigQuery Job User on the project and BigQuery Data Editor on the dataset.',
  BIGQUERY_UNREACHABLE: 'BigQuery did not answer, again and again. Check the network, and `api_endpoint` if it is set. The run can simply be started again.',
  BIGQUERY_BUSY:
    'BigQuery was too busy for this statement: other jobs write to the table, or a rate limit was reached. It is tried again; a job that is known to have failed does it no harm.',
  BIGQUERY_QUOTA: 'A quota of the project is used up. It comes back by itself, daily quotas at midnight in California. Run less often, or ask Google for more.',
  BIGQUERY_LOADS:
    'The dataset has had as many loads today as `max_daily_loads` allows, and nothing was sent for this table. A project may load 100,000 times a day. Run less often, leave more rows to one load (`load_bytes`), or raise the number if Google raised the quota.',
  BIGQUERY_COST: 'The statement would have read more than `max_bytes_billed` allows, and was not run. Raise it, or sync fewer rows.',
  BIGQUERY_FAILED: 'BigQuery refused a statement or a load. Nothing was changed by it; the message quotes the answer.',
  BIGQUERY_MISSING: 'The dataset or a table is not there any more. Run again: the plan is then made from what is there.',
  BIGQUERY_FOREIGN_TABLE: 'A table of that name is in the dataset, and dbsync did not make it. Give dbsync a dataset of its own, or rename the table.',
} as const
