"""Reference data: canonical codes, and what each system calls them."""
