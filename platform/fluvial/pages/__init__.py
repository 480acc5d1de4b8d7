"""Server-rendered pages: what people see and press."""
