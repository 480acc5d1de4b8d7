"""Mails: parsing, threading, mailboxes, answers."""
