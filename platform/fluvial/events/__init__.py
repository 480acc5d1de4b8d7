"""What follows a commit: the outbox, the jobs and the workers that run them."""
