"""Reading: queries compiled to plans, pages of records, summaries, titles."""
