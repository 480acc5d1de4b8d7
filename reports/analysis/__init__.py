"""Analytical reports and dashboards."""
