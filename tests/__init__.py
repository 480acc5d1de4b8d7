"""The suite; folders and files carry the names of the code they test."""
