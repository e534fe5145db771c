"""Exporters: the ledger in the formats of others. XES and OCEL 2.0 for process mining, Parquet for analysis."""
