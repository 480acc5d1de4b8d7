"""Links that act: one action on one record, for somebody who does not sign in."""
