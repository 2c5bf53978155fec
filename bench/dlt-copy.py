"""One table of MySQL into a DuckDB file by dlt: dlt-copy.py URL DATABASE TABLE FILE BACKEND"""

import sys

import dlt
from dlt.sources.sql_database import sql_table

url, database, table, file, backend = sys.argv[1:]
pipeline = dlt.pipeline(f"bench_{backend}", destination=dlt.destinations.duckdb(file), dataset_name="shop", pipelines_dir=f"{file}.dlt")
options = {"backend_kwargs": {"return_type": "arrow"}} if backend == "connectorx" else {}
rows = sql_table(credentials=url, schema=database, table=table, backend=backend, chunk_size=50_000, reflection_level="full_with_precision", **options)
pipeline.run(rows, write_disposition="replace", loader_file_format="parquet").raise_on_failed_jobs()
