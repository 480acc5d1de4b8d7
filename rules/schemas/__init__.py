"""The JSON Schemas of rules, endpoints and templates, as files."""
