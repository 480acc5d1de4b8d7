"""Import of tables: CSV and XLSX files become records."""
