"""Printed documents, reports and dashboards."""
