"""A spreadsheet becomes an app: what its sheets and columns are, and the records in them."""
