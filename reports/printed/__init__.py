"""Printed documents: templates with page layouts, made into PDF, HTML and tables."""
