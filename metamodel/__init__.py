"""What can be said: documents, field kinds, expressions and the catalog."""
