"""Business calendars: when people work, and arithmetic in the time that they do."""
