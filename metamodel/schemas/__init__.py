"""The JSON Schemas of the documents, as files, and what reads them."""
