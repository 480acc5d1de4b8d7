"""Timers: clocks of records that pause, and are worked out from the log of their states."""
