"""Formats in which runs enter and leave."""
