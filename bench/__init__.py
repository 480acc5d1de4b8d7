"""The benchmark: a hand-written application and the engine, measured against each other."""
