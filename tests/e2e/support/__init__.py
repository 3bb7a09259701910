"""What the end-to-end tests share: the server as a process, and clients that see each byte."""
