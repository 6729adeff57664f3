"""Decisions: cadence in, tempo and beats out. Pure: no clock, no I/O."""
