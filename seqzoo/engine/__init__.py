"""Recurrence engine: runs a unit of `seqzoo.equations` over a sequence and back. The API is `seqzoo.engine.through_time`."""
