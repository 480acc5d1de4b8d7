"""Changes of metadata: planned, applied, backfilled, cut over, revised, and what drifts."""
