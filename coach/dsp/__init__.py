"""Signal processing: samples in, steps and cadence out. Pure: no clock, no I/O."""
