"""The programs that files are sent with beside ud2p: each carries one file from one process to another, on loopback."""
