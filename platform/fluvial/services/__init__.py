"""What the engine does for people beside records: mails, notifications, comments, templates."""
