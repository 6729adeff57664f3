"""A real-time running-cadence coach: steps in, a beat out, silence when all is well."""

__version__ = "0.1.0"
