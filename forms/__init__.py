"""Record forms, layouts and public web forms."""
