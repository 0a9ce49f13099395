"""Evaluation: metrics, baselines and tables of metrics."""
