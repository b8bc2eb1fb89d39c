"""Buying from paid providers, written for money: the steps of one attempt, each safe to die in and to repeat."""
