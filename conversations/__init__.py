"""Mails, the portal, and links that act for one person on one record."""
