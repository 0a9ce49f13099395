"""Inspection of trained models: plots of metrics and predictions, saliency and gradients."""
