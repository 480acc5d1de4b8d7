"""Triggers, conditions, actions, notifications, webhooks and timers."""
